from django.db import migrations, models

CHOICES = [("", "Never handed off"), ("score", "By its score"), ("person", "By a person"), ("lot", "By lot")]
# Leads that the control sample drew were counted as chosen by their score.
AGAIN = """
INSERT INTO reports_change (lead_id)
SELECT h.lead_id FROM scoring_controlcase c JOIN leads_handoff h ON h.id = c.handoff_id
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0005_forecast_kept"), ("scoring", "0014_control_sample")]

    operations = [
        migrations.AlterField(model_name="fact", name="chosen", field=models.CharField(choices=CHOICES, max_length=6)),
        migrations.AlterField(model_name="tally", name="chosen", field=models.CharField(choices=CHOICES, max_length=6)),
        migrations.RunSQL(AGAIN, migrations.RunSQL.noop),
    ]
