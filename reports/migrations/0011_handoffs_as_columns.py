"""One row for each handoff, kept as the facts of leads are; its columns stand once more in one, for reports to read."""

from django.db import migrations, models
from django.db.models.deletion import DO_NOTHING

from reports.models.handoff import Bits

OF = (
    "day:label, month:label, all:month:label (all sources), …: `day` is that day, or the first of the month."
)  # fmt: skip
WON = ("lead_id", "team", "source", "version", "label", "chosen", "grade", "settles_at", "took", "value")
LABELS = [
    ("hot", "Hot"), ("warm", "Warm"), ("cool", "Cool"), ("cold", "Cold"), ("disqualified", "Disqualified"),
]  # fmt: skip
STATES = [
    ("open", "Open"), ("accepted", "Accepted"), ("rejected", "Rejected"), ("recycled", "Recycled"),
    ("expired", "Expired"), ("merged", "Merged"),
]  # fmt: skip


def _place(column, values):
    listed = ", ".join(f"'{value}'" for value in values)
    return f"int2send((array_position(ARRAY[{listed}]::text[], {column}::text) - 1)::smallint)"


PACKED = " || ".join(
    (
        "int4send(day - DATE '2000-01-01')", "int4send(team_id::integer)", "int4send(source_id)", "int4send(version)",
        _place("label", ["", *dict(LABELS)]), "int2send(coalesce(total, '-32768'::smallint))",
        _place("state", dict(STATES)), "int4send(coalesce(rep, 0)::integer)", "int4send(reason_id)",
        "int4send(misled_by_id)", "timestamptz_send(due_at)", "float8send(coalesce(hours, 'NaN'::float8))",
        "float8send(coalesce(touched, 'NaN'::float8))", "boolsend(in_time)", "boolsend(winner)",
        "boolsend(given IS NOT NULL)",
    )
)  # fmt: skip


def _kept_apart(to):
    return models.ForeignKey(db_constraint=False, db_index=False, on_delete=DO_NOTHING, related_name="+", to=to)


class Migration(migrations.Migration):
    dependencies = [("leads", "0034_push_due_by_trigger"), ("reports", "0010_took_no_less_than_nothing")]

    operations = [
        migrations.RemoveIndex("fact", "fact_won"),
        migrations.AddIndex(
            "fact", models.Index(condition=models.Q(customers=1), fields=["day"], include=WON, name="fact_won")
        ),
        migrations.AlterField("tally", "of", models.CharField(help_text=OF, max_length=16)),
        migrations.CreateModel(
            name="Word",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("text", models.CharField(max_length=200, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="HandoffFact",
            fields=[
                ("handoff_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("lead_id", models.BigIntegerField()),
                ("team", _kept_apart("leads.team")),
                ("source", _kept_apart("reports.word")),
                ("day", models.DateField(help_text="On which it was opened, in the zone of the installation.")),
                ("version", models.IntegerField(help_text="By which the lead was scored; 0: by none.")),
                ("label", models.CharField(choices=LABELS, max_length=12)),
                ("total", models.SmallIntegerField(null=True)),
                (
                    "given",
                    Bits(help_text="Which criteria of the version gave or took points; null: not known.", null=True),
                ),
                ("state", models.CharField(choices=STATES, max_length=10)),
                ("rep", models.BigIntegerField(help_text="Who answered.", null=True)),
                ("due_at", models.DateTimeField()),
                ("in_time", models.BooleanField(help_text="Answered before the promised time was over.")),
                ("hours", models.FloatField(help_text="Working hours to the answer; null: there is none.", null=True)),
                ("touched", models.FloatField(help_text="Accepted: days until somebody first reached out.", null=True)),
                ("winner", models.BooleanField(help_text="The lead has a won deal.")),
                ("reason", _kept_apart("reports.word")),
                ("misled_by", _kept_apart("reports.word")),
                (
                    "packed",
                    models.GeneratedField(
                        db_persist=True, output_field=models.BinaryField(),
                        expression=models.Func(output_field=models.BinaryField(), template=PACKED),
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["day"], name="handoff_fact_day"),
                    models.Index(fields=["lead_id"], name="handoff_fact_lead"),
                    models.Index(
                        fields=["day"], condition=models.Q(label="hot"), name="handoff_fact_hot",
                        include=["handoff_id", "state", "total", "team", "version", "source"],
                    ),
                ],
            },
        ),
    ]  # fmt: skip
