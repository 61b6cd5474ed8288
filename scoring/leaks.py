"""Fields that may tell the outcome because of the outcome: filled in or changed when it was known, or after.

A score at the decision moment never sees a later value where the change was recorded. What it cannot see through is a
value that came with the outcome and was never recorded as a change: a file imported afterwards, a form sales fills in
on the day. So a field that changes around the outcome for many who won is named, and criteria that ask it give nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from django.db import connection

from leads.conditions.grammar import FieldTest, parse, tests
from leads.conditions.vocabulary import Vocabulary
from scoring.engine.definition import Definition
from scoring.sample import Sample

AROUND = timedelta(days=1)
# A field is left out when it changed around or after the outcome for this share of those who won, or more…
SHARE = 0.2
LEAST = 10  # …and for at least so many


@dataclass(frozen=True)
class Leak:
    """`changed` of `won` leads that won got another value of the field within a day before the outcome, or later."""

    key: str
    label: str
    changed: int
    won: int


def leaks(definitions: Iterable[Definition], found: Sample, vocabulary: Vocabulary) -> list[Leak]:
    """The fields that these definitions ask and that follow the outcome, most first. One query."""
    return leaking({key for definition in definitions for key in _asked(definition)}, found, vocabulary)


def leaking(keys: Iterable[str], found: Sample, vocabulary: Vocabulary) -> list[Leak]:
    """Those of the fields that follow the outcome, most first. One query."""
    asked = {key: _column(key) for key in keys}
    winners = [(lead, decided) for (lead, _), decided in zip(found.moments, found.decided, strict=True) if decided]
    if not asked or not winners:
        return []
    changed = _changed(winners)
    named = [
        Leak(key, vocabulary.term(key).label, len(changed.get(column, ())), len(winners))
        for key, column in asked.items()
    ]
    guilty = [leak for leak in named if leak.changed >= LEAST and leak.changed >= SHARE * leak.won]
    return sorted(guilty, key=lambda leak: (-leak.changed, leak.label))


def without(definition: Definition, leaking: Iterable[Leak]) -> Definition:
    """The definition with the criteria that ask these fields giving nothing; their places stay."""
    keys = {leak.key for leak in leaking}
    nothing = {"field": "email", "op": "known"}  # worth 0 points
    return replace(
        definition,
        criteria=tuple(
            replace(rule, condition=nothing, points=0, counting="once", disqualifies=False)
            if keys & _fields(rule.condition) else rule
            for rule in definition.criteria
        ),
    )  # fmt: skip


def _asked(definition: Definition) -> set[str]:
    return set().union(*map(_fields, definition.conditions))


def _fields(condition: object) -> set[str]:
    return {test.field for test in tests(parse(condition)) if isinstance(test, FieldTest)}


def _column(key: str) -> tuple[str, str]:
    """(lead or company, column as the history names it) a field is read from; one that has no history changes never."""
    of, name = ("company", key.removeprefix("company.")) if key.startswith("company.") else ("lead", key)
    if name.startswith("custom."):
        return of, f"fields.{name.removeprefix('custom.')}"
    return of, "email" if name in ("email_domain", "email_kind") else name


def _changed(winners: Sequence[tuple[int, object]]) -> dict[tuple[str, str], set[int]]:
    """(lead or company, column) → the winners for whom it changed around the outcome or later."""
    changed: dict[tuple[str, str], set[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH w AS (SELECT * FROM unnest(%s::bigint[], %s::timestamptz[]) AS w(lead_id, decided))"
            " SELECT 'lead', c.field, c.lead_id FROM w JOIN leads_change c USING (lead_id)"
            " WHERE c.held_at > w.decided - %s::interval UNION"
            " SELECT 'company', c.field, l.id FROM w JOIN leads_lead l ON l.id = w.lead_id"
            " JOIN leads_change c ON c.company_id = l.company_id WHERE c.held_at > w.decided - %s::interval",
            [[lead for lead, _ in winners], [decided for _, decided in winners], str(AROUND), str(AROUND)],
        )
        for of, field, lead in cursor.fetchall():
            changed.setdefault((of, field), set()).add(lead)
    return changed
