"""What a tally is of, in one column: whole months and the days around them are then found apart in the index.

The indexes of those who came further hold all that reports read of them.
"""

from django.db import migrations, models

OF = "UPDATE reports_tally SET of = CASE WHEN monthly THEN 'month:' ELSE 'day:' END || by"
HELP = "day:label, month:label, …: `day` is that day, or the first of the month."
NARROWED = ("lead_id", "team", "source", "version")
WON = (*NARROWED, "label", "chosen", "grade", "settles_at", "took")
MOMENTS = ("created_at", "handed_at", "accepted_at", "opened_at", "won_at")
HANDED_OFF = (*NARROWED, "sal", "sql", "won_sql", "open_sql", *MOMENTS)


class Migration(migrations.Migration):
    dependencies = [("reports", "0008_tallies_of_months")]

    operations = [
        migrations.AddField("tally", "of", models.CharField(max_length=16, default="", help_text=HELP), False),
        migrations.RunSQL(OF, migrations.RunSQL.noop),
        migrations.RemoveConstraint("tally", "tally_of_those_alike"),
        migrations.RemoveField("tally", "by"),
        migrations.RemoveField("tally", "monthly"),
        migrations.AddConstraint(
            "tally",
            models.UniqueConstraint(
                fields=("of", "day", "team", "source", "version", "key"), name="tally_of_those_alike"
            ),
        ),
        migrations.RemoveIndex("fact", "fact_won"),
        migrations.RemoveIndex("fact", "fact_handed_off"),
        migrations.AddIndex(
            "fact", models.Index(condition=models.Q(customers=1), fields=["day"], include=WON, name="fact_won")
        ),
        migrations.AddIndex(
            "fact", models.Index(condition=models.Q(mql=1), fields=["day"], include=HANDED_OFF, name="fact_handed_off")
        ),
        migrations.AddIndex("fact", models.Index(fields=["created_at", "lead_id"], name="fact_newest")),
    ]
