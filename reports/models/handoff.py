"""What sales did with each handoff, counted beforehand (docs/decisions/0044-handoffs-are-read-as-columns.md).

reports/summaries/ alone writes here, and reports/columns.py reads. As with facts of leads no row has a foreign key
that the database checks.
"""

from django.db import models

from leads.enums import HandoffState, Label
from leads.models import Team
from leads.models.team import OwnedQuerySet

LABELS = ("", *Label.values)
STATES = tuple(HandoffState.values)
NO_TOTAL = -32768  # of a handoff without a score


def _place(column: str, values: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"int2send((array_position(ARRAY[{listed}]::text[], {column}::text) - 1)::smallint)"


# A handoff as bytes: the columns that reports read of it, one after the other. Name, type as numpy has it, SQL.
PACKED = (
    ("day", ">i4", "int4send(day - DATE '2000-01-01')"),
    ("team", ">i4", "int4send(team_id::integer)"),
    ("source", ">i4", "int4send(source_id)"),
    ("version", ">i4", "int4send(version)"),
    ("label", ">i2", _place("label", LABELS)),
    ("total", ">i2", f"int2send(coalesce(total, '{NO_TOTAL}'::smallint))"),
    ("state", ">i2", _place("state", STATES)),
    ("rep", ">i4", "int4send(coalesce(rep, 0)::integer)"),
    ("reason", ">i4", "int4send(reason_id)"),
    ("misled_by", ">i4", "int4send(misled_by_id)"),
    ("due_at", ">i8", "timestamptz_send(due_at)"),
    ("hours", ">f8", "float8send(coalesce(hours, 'NaN'::float8))"),
    ("touched", ">f8", "float8send(coalesce(touched, 'NaN'::float8))"),
    ("in_time", "?", "boolsend(in_time)"),
    ("winner", "?", "boolsend(winner)"),
    ("scored", "?", "boolsend(given IS NOT NULL)"),
)


class Bits(models.Field):
    """A row of bits. Only SQL writes and reads it."""

    def db_type(self, connection: object) -> str:
        return "bit varying"


class Word(models.Model):
    """A text that many handoffs share: a source, the slug of a reason, the name of a criterion. Never changed."""

    id = models.AutoField(primary_key=True)
    text = models.CharField(max_length=200, unique=True)

    def __str__(self) -> str:
        return self.text


def _word() -> models.ForeignKey:
    return models.ForeignKey(Word, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)


class HandoffFact(models.Model):
    """One handoff: of whom, with which score, and what sales said. Those of the control sample that are to be left out
    have none.
    """

    handoff_id = models.BigIntegerField(primary_key=True)
    lead_id = models.BigIntegerField()
    team = models.ForeignKey(Team, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    source = _word()
    day = models.DateField(help_text="On which it was opened, in the zone of the installation.")
    version = models.IntegerField(help_text="By which the lead was scored; 0: by none.")
    label = models.CharField(max_length=12, choices=Label)
    total = models.SmallIntegerField(null=True)
    given = Bits(null=True, help_text="Which criteria of the version gave or took points; null: not known.")
    state = models.CharField(max_length=10, choices=HandoffState)
    rep = models.BigIntegerField(null=True, help_text="Who answered.")
    due_at = models.DateTimeField()
    in_time = models.BooleanField(help_text="Answered before the promised time was over.")
    hours = models.FloatField(null=True, help_text="Working hours to the answer; null: there is none.")
    touched = models.FloatField(null=True, help_text="Accepted: days until somebody first reached out.")
    winner = models.BooleanField(help_text="The lead has a won deal.")
    reason = _word()
    misled_by = _word()
    packed = models.GeneratedField(
        expression=models.Func(template=" || ".join(sql for *_, sql in PACKED), output_field=models.BinaryField()),
        output_field=models.BinaryField(), db_persist=True,
    )  # fmt: skip

    objects = OwnedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["day"], name="handoff_fact_day"),
            models.Index(fields=["lead_id"], name="handoff_fact_lead"),
            # of the Hots the rejected ones are listed, the highest score first
            models.Index(
                fields=["day"],
                condition=models.Q(label=Label.HOT),
                name="handoff_fact_hot",
                include=["handoff_id", "state", "total", "team", "version", "source"],
            ),
        ]

    def __str__(self) -> str:
        return f"Handoff {self.handoff_id}, {self.day}"
