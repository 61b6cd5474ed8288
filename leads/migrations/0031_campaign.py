from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0030_handoffs_of_a_period")]

    operations = [
        migrations.AddField(
            model_name="lead",
            name="campaign",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="What of the channel brought it first. It stays.",
                max_length=100,
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                fields=["team", "campaign", "stage"], include=["id"], condition=~models.Q(campaign=""),
                name="lead_team_campaign",
            ),
        ),
    ]  # fmt: skip
