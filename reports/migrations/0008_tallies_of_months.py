"""Tallies of whole months beside those of days, each by one thing. Everything is counted anew: the old tallies go."""

from django.db import migrations, models

EMPTY = "TRUNCATE reports_fact, reports_tally; UPDATE reports_counting SET as_of = NULL;"
ANEW = "UPDATE reports_counting SET anew_lead = 0;"
BY = [("chosen", "Chosen"), ("label", "Label"), ("campaign", "Campaign"), ("grade", "Grade"), ("total", "Total")]
INCLUDED = ("team", "source", "version", "label", "chosen", "grade", "settles_at", "took")


def added(model: str, name: str, field: models.Field) -> migrations.AddField:
    return migrations.AddField(model, name, field, preserve_default=False)


class Migration(migrations.Migration):
    dependencies = [("reports", "0007_campaigns")]

    operations = [
        migrations.RunSQL(EMPTY, migrations.RunSQL.noop),
        migrations.RemoveConstraint("tally", "tally_of_a_day"),
        migrations.RemoveIndex("fact", "fact_won"),
        migrations.RemoveField("tally", "chosen"),
        migrations.RemoveField("tally", "label"),
        migrations.AddField("counting", "anew_lead", models.BigIntegerField(null=True)),
        migrations.AddField("counting", "anew_month", models.DateField(null=True)),
        added("fact", "good", models.IntegerField(default=0, help_text="Hot or Warm.")),
        added("fact", "in_time", models.IntegerField(default=0, help_text="Customers within 90 days.")),
        migrations.AddField(
            "fact", "took", models.FloatField(help_text="Days from its creation to that.", null=True)
        ),
        added("tally", "by", models.CharField(choices=BY, default="", max_length=8)),
        added("tally", "good", models.IntegerField(default=0, help_text="Hot or Warm.")),
        added("tally", "in_time", models.IntegerField(default=0, help_text="Customers within 90 days.")),
        added("tally", "key", models.CharField(default="", max_length=100)),
        added(
            "tally", "monthly",
            models.BooleanField(default=False, help_text="Of the whole month of which `day` is the first."),
        ),
        migrations.AddIndex(
            "fact", models.Index(condition=models.Q(customers=1), fields=["day"], include=INCLUDED, name="fact_won")
        ),
        migrations.AddConstraint(
            "tally",
            models.UniqueConstraint(
                fields=("by", "monthly", "day", "team", "source", "version", "key"), name="tally_of_those_alike"
            ),
        ),
        migrations.RunSQL(ANEW, migrations.RunSQL.noop),
    ]  # fmt: skip
