"""The ways of scoring that bench/engine.py measures, and how their answers are compared."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from leads.models import Event, Lead, Standing
from scoring import publishing
from scoring.engine.definition import load
from scoring.engine.evaluate import COLUMNS, compiled_for, database_clock, evaluate
from scoring.models import Publication, Version, VersionState
from scoring.pipeline import recount_all, rescore_due
from tests.scoring.reference import Reference


def count() -> int:
    return Standing.objects.count()


def vacuum() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM leads_standing, scoring_entry, scoring_publicationscore")


def some_leads(number: int) -> list[int]:
    """Leads picked by their events, since those with many events are the ones that are counted again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT lead_id FROM leads_event TABLESAMPLE BERNOULLI (5) ORDER BY random()")
        picked = dict.fromkeys(row[0] for row in cursor.fetchall())
    return sorted(list(picked)[:number])


# --- The floor, and our way -----------------------------------------------------------------------


def floor() -> None:
    Standing.objects.update(total=F("total") + 1)


def touch_one(pk: int) -> None:
    Standing.objects.filter(pk=pk).update(total=F("total") + 1)


def touch_many(ids: Sequence[int]) -> None:
    Standing.objects.filter(pk__in=ids).update(total=F("total") + 1)


def open_publication(version: Version) -> Publication:
    """The version on its way to being live, its pages cut and none scored; an unfinished one is dropped."""
    with transaction.atomic():
        Publication.objects.filter(finished_at__isnull=True).delete()
        Version.objects.filter(pk=version.pk).update(state=VersionState.RETIRED)
        return publishing.rollback(version, by=None)


def publish(version: Version) -> None:
    publication = open_publication(version)
    pages(publication)


def pages(publication: Publication) -> None:
    while publishing.run(publication):
        pass


def pages_apart(publication: int) -> None:
    """Pages by a connection of its own, as a second worker does."""
    try:
        pages(Publication.objects.get(pk=publication))
    finally:
        connection.close()


def rescore_unchanged() -> None:
    first = 1
    while first:
        first, _, changed = recount_all(first)
        assert not changed


def make_due(ids: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT leadscore_mark_due(%s, 'activity')", [list(ids)])


def rescore_one(pk: int) -> None:
    make_due([pk])
    rescore_due()


def rescore_page() -> None:
    rescore_due()


def evaluate_all(version: Version) -> None:
    ids = list(Standing.objects.order_by("pk").values_list("pk", flat=True))
    compiled = compiled_for((version.pk,), dense=True)
    with connection.cursor() as cursor:
        for start in range(0, len(ids), publishing.PAGE):
            page = ids[start : start + publishing.PAGE]
            cursor.execute(f"SELECT sum(total) FROM ({compiled.sql}) AS r({', '.join(COLUMNS)})",
                           compiled.bound(page, database_clock()))  # fmt: skip


# --- Other ways -----------------------------------------------------------------------------------


def _first(number: int) -> list[int]:
    return list(Standing.objects.order_by("pk").values_list("pk", flat=True)[:number])


def orm_loop(number: int) -> None:
    """What a plain program does: fetch the lead, ask one query per criterion, save."""
    from leads.conditions.compile import leads_matching

    criteria = load(Version.objects.live().get().definition).criteria
    asked = [(Lead.objects.filter(leads_matching(criterion.condition)), criterion.points) for criterion in criteria]
    for pk in _first(number):
        standing = Standing.objects.select_related("lead__company").get(pk=pk)
        total = sum(points for leads, points in asked if leads.filter(pk=pk).exists())
        standing.fit = min(50, max(0, total))
        standing.save(update_fields=["fit"])


def chunks(number: int) -> None:
    """Leads and events fetched in chunks, counted in Python, written with one bulk update."""
    totals = in_python(_first(number))
    rows = [Standing(pk=pk, total=total) for pk, total in totals.items()]
    Standing.objects.bulk_update(rows, ["total"], batch_size=1000)


def in_python(ids: Sequence[int]) -> dict[int, int]:
    version = Version.objects.live().get()
    as_of, definition = database_clock(), version.definition
    events: dict[int, list[dict[str, Any]]] = {}
    for row in Event.objects.filter(lead__in=ids).values(
        "lead_id", "occurred_at", "properties", "quarantined", slug=F("kind__slug")
    ):
        events.setdefault(row["lead_id"], []).append(row | {"kind": row["slug"]})
    by_lead = _by_lead()
    return {
        lead.pk: Reference(facts(lead), events.get(lead.pk, []), by_lead, as_of, "UTC").standing(definition)["total"]
        for lead in Lead.objects.filter(pk__in=ids).select_related("company")
    }


def _by_lead() -> set[str]:
    from leads.models import EventKind

    return set(EventKind.objects.filter(by_lead=True).values_list("slug", flat=True))


def facts(lead: Lead) -> dict[str, Any]:
    company = lead.company
    known = {
        "title": lead.title, "country": lead.country, "phone": lead.phone, "source": lead.source,
        "created": lead.created_at,
        "email_kind": "business" if lead.email else None, "custom.budget": lead.fields.get("budget"),
        "custom.plan": lead.fields.get("plan"),
    }  # fmt: skip
    if company:
        known |= {"company.industry": company.industry, "company.employees": company.employees}
    return known


def check_against_loop(version: Version, number: int) -> None:
    """Every way must give the same totals, or the comparison means nothing."""
    ids = _first(number)
    ours = {result.lead_id: result.total for result in evaluate(version, ids, database_clock())}
    if ours != in_python(ids):
        raise SystemExit("the ways disagree: the benchmark would compare different things")


def zen_is_here() -> bool:
    return find_spec("zen") is not None


def zen(number: int) -> None:
    """GoRules' zen-engine on 24 field tests: the events would have to be counted beside it, and are not."""
    import json

    import zen as engine

    titles = ["VP", "CTO", "Head", "Engineer", "Student", "Manager", "Buyer", "Director"] * 3
    table = {
        "hitPolicy": "collect",
        "inputs": [{"id": "in", "name": "in"}],
        "outputs": [{"id": "out", "field": "points", "name": "points"}],
        "rules": [{"_id": str(i), "in": f"contains(title, '{title}')", "out": "4"} for i, title in enumerate(titles)],
    }
    nodes = [
        {"id": "a", "type": "inputNode", "name": "in"},
        {"id": "b", "type": "decisionTableNode", "name": "table", "content": table},
        {"id": "c", "type": "outputNode", "name": "out"},
    ]
    edges = [{"id": "1", "sourceId": "a", "targetId": "b"}, {"id": "2", "sourceId": "b", "targetId": "c"}]
    decision = engine.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))
    for lead in Lead.objects.filter(pk__in=_first(number)).select_related("company"):
        decision.evaluate({"title": lead.title, "country": lead.country})
