"""How the live models fare, counted now and then and kept, so that a page shows it at once.

- Weeks: leads of each label at the end of each of twelve weeks; past weeks are counted once, from the history.
- Entering: leads that entered a label handed to sales, by week, for the capacity of the reps.
- Drift: the share of new leads that meet each criterion on fit, last 30 days against the 90 days before. On engagement
  an older lead has had more time, so the two would not be alike.
- Outcomes: handoffs of the last 90 days by the label they had: accepted of those decided, won of all.
- Silent: criteria on something done or known that gave points before, and none to the leads that did something in the
  last 30 days (the newest changes of score, before and in these days).
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from leads.conditions.grammar import All, AnyOf, EventTest, FieldTest, Node, Not
from leads.days import day_of, midnight
from leads.enums import DECIDED, Axis, Cause, DealState, HandoffState, Label
from leads.models import Deal, Handoff, Standing
from leads.retry import retried
from scoring.capacity import sales_capacity
from scoring.engine.definition import Definition, load
from scoring.models import Health, LabelWeek, ScoringModel, Version

WEEKS = 12
NEW, BEFORE, OUTCOMES = timedelta(days=30), timedelta(days=90), timedelta(days=90)
NEWEST = 20_000  # changes of score that are looked at for criteria without points
FRESH = timedelta(hours=1)  # so old may the figures be


def refresh_due() -> int:
    """Count again what is older than an hour, or of a version that is no longer live. Returns how many models."""
    done = 0
    for version in Version.objects.live():
        fresh = Health.objects.filter(model=version.model_id, version=version, as_of__gt=timezone.now() - FRESH)
        if not fresh.exists():
            done += refresh(version)
    return done


@retried
@transaction.atomic
def refresh(version: Version) -> bool:
    """Count it again. False: somebody else is at it."""
    held = ScoringModel.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=version.model_id)
    if not held.exists():
        return False
    now = timezone.now()
    _count_weeks(version, now)
    figures = {
        "weeks": _weeks(version), "entering": _entering(version, now), "capacity": _capacity(),
        "drift": _drift(version, now), "outcomes": _outcomes(version, now), "silent": _silent(version, now),
    }  # fmt: skip
    values = {"version": version, "as_of": now, "figures": figures}
    Health.objects.update_or_create(model_id=version.model_id, defaults=values)
    return True


# --- Labels over time --------------------------------------------------------------------------------


def mondays(now: datetime) -> list[date]:
    """Of the last twelve weeks, the present one last."""
    day = day_of(now)
    present = day - timedelta(days=day.weekday())
    return [present - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]


def _count_weeks(version: Version, now: datetime) -> None:
    """Past weeks that are not kept yet from the history, the present one from the standings."""
    *past, present = mondays(now)
    kept = LabelWeek.objects.filter(model=version.model_id, counted_at_end=True)
    missing = sorted(set(past) - set(kept.values_list("week", flat=True)))
    counts = _past_weeks(version, missing) if missing else {}
    here = Standing.objects.filter(version=version.pk).order_by().values_list("label").annotate(Count("pk"))
    counts |= {(present, label): number for label, number in here}
    rows = [
        LabelWeek(model_id=version.model_id, week=week, label=label, leads=counts.get((week, label), 0),
                  counted_at_end=week != present)
        for week in (*missing, present) for label in Label.values
    ]  # fmt: skip
    LabelWeek.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["model", "week", "label"], update_fields=["leads", "counted_at_end"]
    )


_PAST = """
SELECT w.week, e.label, count(*)
  FROM (SELECT label, version_id, recorded_at, lead(recorded_at) OVER (PARTITION BY lead_id ORDER BY seq) AS until
          FROM scoring_entry) e
  JOIN unnest(%s::date[], %s::timestamptz[]) AS w(week, ends)
    ON e.recorded_at < w.ends AND (e.until IS NULL OR e.until >= w.ends)
 WHERE e.version_id = ANY(%s)
 GROUP BY 1, 2
"""


def _past_weeks(version: Version, weeks: list[date]) -> dict[tuple[date, str], int]:
    ends = [midnight(week + timedelta(weeks=1)) for week in weeks]
    with connection.cursor() as cursor:
        cursor.execute(_PAST, [weeks, ends, _versions(version)])
        return {(week, label): number for week, label, number in cursor.fetchall()}


def _versions(version: Version) -> list[int]:
    """Every version of its model."""
    return list(Version.objects.filter(model=version.model_id).values_list("pk", flat=True))


def _weeks(version: Version) -> list[dict[str, Any]]:
    """[{"week": "2026-05-04", "hot": 12, …}, …], the oldest first."""
    rows = LabelWeek.objects.filter(model=version.model_id, week__in=mondays(timezone.now()))
    weeks: dict[date, dict[str, Any]] = {}
    for row in rows.order_by("week"):
        weeks.setdefault(row.week, {"week": row.week.isoformat()})[row.label] = row.leads
    return list(weeks.values())


_ENTERING = """
SELECT count(*) FROM scoring_entry
 WHERE recorded_at >= %s AND recorded_at < %s AND version_id = ANY(%s) AND cause <> 'rules'
   AND label = ANY(%s) AND NOT label_before = ANY(%s)
"""


def _entering(version: Version, now: datetime) -> dict[str, Any]:
    """Leads a week, the mean of the last four whole weeks, that entered a label handed to sales by themselves."""
    labels = list(load(version.definition).handoff_labels)
    end = midnight(mondays(now)[-1])
    with connection.cursor() as cursor:
        cursor.execute(_ENTERING, [end - timedelta(weeks=4), end, _versions(version), labels, labels])
        number = cursor.fetchone()[0]
    return {"labels": labels, "per_week": number / 4, "leads": number}


def _capacity() -> int | None:
    """Leads a week that the reps take, all teams together; None where a rep has no limit, or there is none."""
    capacity = sales_capacity()
    return capacity.leads if capacity.known else None


# --- Criteria ----------------------------------------------------------------------------------------


_DRIFT = """
SELECT p.place, count(*) FILTER (WHERE l.created_at >= %s AND p.points <> 0),
       count(*) FILTER (WHERE l.created_at >= %s),
       count(*) FILTER (WHERE l.created_at < %s AND p.points <> 0), count(*) FILTER (WHERE l.created_at < %s)
  FROM leads_standing s JOIN leads_lead l ON l.id = s.lead_id
 CROSS JOIN unnest(s.points[1:%s]) WITH ORDINALITY AS p(points, place)
 WHERE s.version = %s AND l.created_at >= %s
 GROUP BY 1 ORDER BY 1
"""


def _drift(version: Version, now: datetime) -> list[dict[str, Any]]:
    """[{"criterion": …, "name": …, "now": [k, n], "before": [k, n]}, …] of the criteria on fit."""
    definition, new = load(version.definition), now - NEW
    with connection.cursor() as cursor:
        args: list[Any] = [new, new, new, new, len(definition.criteria), version.pk, new - BEFORE]
        cursor.execute(_DRIFT, args)
        rows = cursor.fetchall()
    fit = {i for group in definition.groups_of(Axis.FIT) for i in definition.criteria_of(group)}
    return [
        _named(definition, place - 1) | {"now": [k, n], "before": [was, of]}
        for place, k, n, was, of in rows
        if place - 1 in fit and definition.criteria[place - 1].points
    ]


def _named(definition: Definition, place: int) -> dict[str, Any]:
    rule = definition.criteria[place]
    return {"criterion": rule.id, "name": rule.name}


def _silent(version: Version, now: datetime) -> dict[str, Any]:
    """{"changes": of the active leads' scores in 30 days, "criteria": those that gave none of them points but did so
    before}.
    """
    definition, since = load(version.definition), now - NEW
    asked = [place for place, rule in enumerate(definition.criteria) if rule.points and not waits(rule.node)]
    changes, firing = _firing(version, asked, "recorded_at >= %s AND cause = %s", [since, Cause.ACTIVITY])
    quiet = [place for place in asked if place not in firing] if changes else []
    fired = _fired_before(version, {definition.criteria[place].id for place in quiet}, since)
    silent = [place for place in quiet if definition.criteria[place].id in fired]
    return {"changes": changes, "criteria": [_named(definition, place) for place in silent]}


def waits(node: Node, negated: bool = False) -> bool:
    """Whether it asks for something that has not happened: then who does something never meets it."""
    match node:
        case All(parts) | AnyOf(parts):
            return any(waits(part, negated) for part in parts)
        case Not(part):
            return waits(part, not negated)
        case EventTest():
            return negated is not (node.question in ("last_before", "at_most"))
        case FieldTest():
            return node.field == "days_since_activity"


def _fired_before(version: Version, criteria: set[int], since: datetime) -> set[int]:
    """Those of the criteria that ever gave points by then. One query for each version that has some of them."""
    fired: set[int] = set()
    for one in Version.objects.filter(model=version.model_id):
        places = {i: rule.id for i, rule in enumerate(load(one.definition).criteria) if rule.id in criteria - fired}
        _, firing = _firing(one, list(places), "recorded_at < %s", [since])
        fired |= {places[place] for place in firing}
    return fired


def _firing(version: Version, places: list[int], when: str, args: list[Any]) -> tuple[int, set[int]]:
    """Of the NEWEST such changes of score by that version: how many there were, and which of the criteria gave points
    in any."""
    if not places:
        return 0, set()
    gave = ", ".join(f"bool_or(points[{place + 1}] <> 0)" for place in places)
    with connection.cursor() as cursor:
        rows = f"SELECT points FROM scoring_entry WHERE version_id = %s AND {when} ORDER BY id DESC LIMIT {NEWEST}"
        cursor.execute(f"SELECT count(*), {gave} FROM ({rows}) AS entries", [version.pk, *args])
        changes, *found = cursor.fetchone()
    return changes, {place for place, yes in zip(places, found, strict=True) if yes}


# --- What came of it ---------------------------------------------------------------------------------


def _outcomes(version: Version, now: datetime) -> list[dict[str, Any]]:
    """[{"label": …, "accepted": [k, n], "won": [k, n]}, …], the best label first."""
    handoffs = Handoff.objects.filter(opened_at__gte=now - OUTCOMES, version__in=_versions(version))
    won = Exists(Deal.objects.filter(lead=OuterRef("lead"), state=DealState.WON))
    decided = Q(state__in=DECIDED)
    counted = handoffs.values("label").order_by().annotate(
        n=Count("pk"), won=Count("pk", filter=won), decided=Count("pk", filter=decided),
        accepted=Count("pk", filter=Q(state=HandoffState.ACCEPTED)),
    )  # fmt: skip
    rows = {row["label"]: row for row in counted}
    return [
        {"label": label, "accepted": [rows[label]["accepted"], rows[label]["decided"]],
         "won": [rows[label]["won"], rows[label]["n"]]}
        for label in Label.values if label in rows
    ]  # fmt: skip
