"""The engine against the independent interpreter of reference.py, on random models and facts.

CASES sets how many (model, lead, moment) cases are compared; `make test-engine` runs a long one.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from leads.models import Event, EventKind, Field, Lead, Team
from scoring.engine.beside import others_for
from scoring.engine.evaluate import Result, evaluate
from scoring.models import ScoringModel, Version
from tests.scoring.random_models import KINDS, Maker, an_as_of, make_fields
from tests.scoring.reference import Reference

CASES = int(os.environ.get("CASES", "2400"))
LEADS = 30
ROUNDS = CASES // LEADS
ZONES = ["UTC", "Pacific/Auckland", "America/St_Johns"]

pytestmark = pytest.mark.django_db


def facts_of(lead: Lead) -> dict:
    """Every term of the vocabulary by its name, read from the rows in Python."""
    company = lead.company
    known = {
        "email": lead.email, "email_domain": lead.email.rpartition("@")[2], "title": lead.title,
        "country": lead.country,
        "source": lead.source, "campaign": lead.campaign, "created": lead.created_at,
    }  # fmt: skip
    if company:
        known |= {"company.name": company.name, "company.industry": company.industry,
                  "company.employees": company.employees, "company.revenue": company.revenue}  # fmt: skip
    expected = [lead.email, lead.phone, lead.title, lead.country, lead.city, lead.source, company]
    expected += [company.industry, company.employees, company.revenue, company.website] if company else [None] * 4
    known["completeness"] = int(100 * sum(value not in (None, "") for value in expected) / len(expected) + 0.5)
    types = {"budget": (int, float), "partner": bool, "tags": list}
    for field in Field.objects.filter(of="lead"):
        value = lead.fields.get(field.key)
        wanted = types.get(field.key)
        if wanted and (not isinstance(value, wanted) or (field.key == "budget" and isinstance(value, bool))):
            value = None
        known[f"custom.{field.key}"] = _renewal(value) if field.key == "renewal" else value
    return known


def _renewal(value):
    from datetime import date

    # The thirty-first of a short month counts on into the next, as conditions.md says.
    text = str(value)
    if text == "2026-02-31":
        return date(2026, 3, 3)
    return date.fromisoformat(text) if text[:4] == "2026" else None


def make_version(definition: dict) -> Version:
    model, _ = ScoringModel.objects.get_or_create(slug="random", defaults={"name": "Random"})
    return Version.objects.create(
        model=model, number=model.versions.count() + 1, definition=definition, published_at=timezone.now()
    )


def references(leads: list[Lead], as_of: datetime, zone: str) -> Iterator[tuple[Lead, Reference]]:
    """Each lead with its reference interpreter."""
    events: dict[int, list[dict]] = {}
    for row in Event.objects.filter(lead__in=leads).select_related("kind"):
        events.setdefault(row.lead_id, []).append(
            {"kind": row.kind.slug, "occurred_at": row.occurred_at, "properties": row.properties,
             "quarantined": row.quarantined}
        )  # fmt: skip
    by_lead = set(EventKind.objects.filter(by_lead=True).values_list("slug", flat=True))
    for lead in Lead.objects.filter(pk__in=[lead.pk for lead in leads]).select_related("company"):
        yield lead, Reference(facts_of(lead), events.get(lead.pk, []), by_lead, as_of, zone)


def compare(seed: int, zone: str) -> int:
    """One random model over LEADS random leads; returns how many differ in nothing (all, or it fails)."""
    maker = Maker(seed)
    as_of = an_as_of(maker.r)
    leads = maker.leads(LEADS, as_of)
    maker.events(leads, LEADS * 8, as_of)
    definition = maker.model()
    version, ids = make_version(definition), [lead.pk for lead in leads]
    results = {r.lead_id: r for r in evaluate(version, ids, as_of)}
    assert results == {r.lead_id: r for r in evaluate(version, ids, as_of, dense=True)}
    for lead, reference in references(leads, as_of, zone):
        if lead.pk not in results:
            continue
        expected = reference.standing(definition)
        result = results[lead.pk]
        got = {key: getattr(result, key) for key in expected}
        assert got == expected, (seed, zone, as_of, lead.pk, definition)
        assert result.total == (sum(result.points) if result.version else None)
    return len(results)


@pytest.mark.parametrize("zone", ZONES)
def test_engine_agrees_with_the_reference(zone: str, settings) -> None:
    settings.TIME_ZONE = zone
    make_fields()
    compared = sum(compare(1000 * ZONES.index(zone) + n, zone) for n in range(ROUNDS // len(ZONES)))
    assert compared >= CASES // len(ZONES) - LEADS


def test_several_models_agree_with_the_reference(settings) -> None:
    """The first audience decides; every later one the lead belongs to gives a score beside it."""
    make_fields()
    beside = 0
    for seed in range(max(20, ROUNDS // 10)):
        maker = Maker(70_000 + seed)
        as_of = an_as_of(maker.r)
        leads = maker.leads(LEADS, as_of)
        maker.events(leads, LEADS * 8, as_of)
        audiences = [maker.condition(2) if seed % 2 else None, maker.condition(2), maker.condition(2)]
        audiences[2] = audiences[2] if seed % 3 else None
        definitions = [maker.model() | {"audience": audience} for audience in audiences]
        versions, ids = [make_version(definition) for definition in definitions], [lead.pk for lead in leads]
        decided = {r.lead_id: r for r in evaluate(versions, ids, as_of)}
        others = others_for(tuple(version.pk for version in versions))
        assert others is not None
        with connection.cursor() as cursor:
            cursor.execute(others.sql, others.bound(ids, as_of))
            rows = [Result(*row) for row in cursor.fetchall()]
        found = {(row.lead_id, row.version): row for row in rows if row.version}
        assert len(found) == sum(1 for row in rows if row.version), "no model counts a lead twice"
        for lead, reference in references(leads, as_of, "UTC"):
            standings = [(v.pk, reference.standing(d)) for v, d in zip(versions, definitions, strict=True)]
            meant = [(pk, standing) for pk, standing in standings if standing["label"]]
            assert decided[lead.pk].version == (meant[0][0] if meant else None), (seed, lead.pk)
            assert {pk for key, pk in found if key == lead.pk} == {pk for pk, _ in meant[1:]}, (seed, lead.pk)
            for pk, standing in meant[1:]:
                assert {key: getattr(found[lead.pk, pk], key) for key in standing} == standing, (seed, lead.pk)
                beside += 1
    assert beside > 100


def test_the_comparison_can_fail(monkeypatch) -> None:
    """Negative control: an interpreter that takes unknown for zero is caught."""
    make_fields()
    honest = Reference.answers

    def careless(self, known, op, value):
        return honest(self, 0 if known is None and op in ("less_than", "at_most") else known, op, value)

    monkeypatch.setattr(Reference, "answers", careless)
    with pytest.raises(AssertionError):
        for seed in range(40):
            compare(seed, "UTC")


def test_nothing_changes_before_the_next_moment(settings) -> None:
    """due_at is never too late: counted at any time before it, the standing is the same."""
    make_fields()
    checked = 0
    for seed in range(12):
        maker = Maker(5000 + seed)
        as_of = an_as_of(maker.r)
        leads = maker.leads(LEADS, as_of - timedelta(days=3))
        maker.events(leads, LEADS * 8, as_of - timedelta(days=3))
        ids = [lead.pk for lead in leads]
        Event.objects.filter(lead__in=ids, occurred_at__gt=as_of).delete()
        Lead.objects.filter(pk__in=ids, created_at__gt=as_of).update(created_at=as_of)
        version = make_version(maker.model() | {"audience": None})
        now = {r.lead_id: r for r in evaluate(version, ids, as_of)}
        for days in (1, 2, 3, 5, 8, 13, 21, 34, 55, 89):
            later = as_of + timedelta(days=days)
            for result in evaluate(version, ids, later):
                due = now[result.lead_id].due_at
                if due is None or later < due:
                    before = now[result.lead_id]
                    assert (result.points, result.label) == (before.points, before.label), (seed, days, before, due)
                    checked += 1
    assert checked > 500


TURNS = {
    ("at_least", 10): (10,), ("less_than", 10): (10,), ("at_most", 10): (11,), ("more_than", 9.5): (10,),
    ("is", 10): (10, 11), ("is_not", 10): (10, 11), ("is", 10.5): (), ("between", (6, 9.5)): (6, 10),
    ("known", None): (), ("unknown", None): (), ("at_least", 1e12): (),
}  # fmt: skip


@pytest.mark.parametrize(("op", "value"), TURNS)
def test_days_since_activity_turns_on_the_right_day(op: str, value: object) -> None:
    """The lead is due on each day on which the answer changes, and on no other."""
    maker = Maker(1)
    as_of = datetime(2026, 11, 20, 12, tzinfo=UTC)
    (lead,) = maker.leads(1, as_of - timedelta(days=500))
    maker.event_of(lead, as_of)
    test = {"field": "days_since_activity", "op": op, "value": list(value) if isinstance(value, tuple) else value}
    rule = {"id": 1, "name": "S", "group": 0, "condition": test, "points": 5, "counting": "once", "days": None,
            "at_most": None, "disqualifies": False}  # fmt: skip
    version = make_version(maker.model() | {"audience": None, "criteria": [rule]})
    first, moment, turned = as_of, as_of, []
    while due := evaluate(version, [lead.pk], moment)[0].due_at:
        assert due > moment
        turned.append(round((due - first) / timedelta(days=1) + 0.5))
        given, moment = evaluate(version, [lead.pk], moment)[0].points[0], due
        assert evaluate(version, [lead.pk], due)[0].points[0] != given
    assert tuple(turned) == TURNS[op, value]


def test_kinds_used_here_are_known() -> None:
    assert EventKind.objects.filter(slug__in=KINDS).count() == len(KINDS)
    assert Team.objects.count() == 0
