"""The latest forecast and the record of past ones, as rows. Counting and simulating happen here, never in a page."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Max, Min, Q, Sum
from django.utils import timezone

from leads.enums import DealState
from leads.models import Deal, User
from leads.retry import retried
from reports.days import midnight, month_in, month_of, months_before
from reports.forecast.assumptions import changes_of, effects
from reports.forecast.basis import basis
from reports.forecast.capacity import handoffs_before
from reports.forecast.counting import LABELS, Evidence, count
from reports.forecast.simulation import Changes, Paths, World, simulate, world
from reports.models.forecast import Assumption, ForecastCount, TeamForecast

ENOUGH_WON, ENOUGH_DAYS = 20, 60
EARLY_WON = 60  # below it the page says how little it rests on
FRESH = timedelta(hours=6)  # so old may the latest be
WAITING = timedelta(minutes=10)  # and so old a refusal
LEASE = timedelta(minutes=12)  # longer than a task may take
SURELY = 1.25  # so many more won deals before a past month is tried, so that no refused one is tried again and again
BACK = 12  # months whose forecast is made afterwards, when nobody was here to make it


def missing(evidence: Evidence) -> str:
    """What would be needed for a forecast, in words; empty when there is enough."""
    if evidence.won < ENOUGH_WON:
        return f"A forecast needs {ENOUGH_WON} won deals of the last 12 months; there are {evidence.won}."
    if evidence.record_days < ENOUGH_DAYS:
        return f"A forecast needs results of {ENOUGH_DAYS} days; the first is {evidence.record_days:.0f} days old."
    return ""


# --- The latest --------------------------------------------------------------------------------------


def ask(*, by: User | None = None) -> bool:
    """Have everything counted again, soon. False: that is under way already."""
    _, made = ForecastCount.objects.get_or_create(finished_at=None, defaults={"asked_by": by})
    return made


def ask_when_old() -> bool:
    """Ask when the latest count is old, or there is none."""
    last = ForecastCount.objects.finished()
    fresh = FRESH if last and not last.missing else WAITING
    if last and last.finished_at and last.finished_at > timezone.now() - fresh:
        return False
    return ask()


def run_asked() -> bool:
    """Do the count that is asked for. False: there is none, or somebody is at it."""
    claimed = _claim()
    if claimed is None:
        return False

    def say(step: str) -> None:
        ForecastCount.objects.filter(pk=claimed.pk).update(step=step)

    evidence = count(say=say)
    lacks = missing(evidence)
    say("Simulating")
    _finish(claimed, evidence, lacks)
    return True


def _claim() -> ForecastCount | None:
    now = timezone.now()
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    waiting = ForecastCount.objects.filter(free, finished_at=None)
    for one in waiting:
        if waiting.filter(pk=one.pk).update(leased_until=now + LEASE):
            return one
    return None


@retried
@transaction.atomic
def _finish(claimed: ForecastCount, evidence: Evidence, lacks: str) -> None:
    _alone()
    ForecastCount.objects.filter(pk=claimed.pk).update(
        evidence=evidence.as_json(), as_of=evidence.as_of, missing=lacks, finished_at=timezone.now(), step=""
    )
    ForecastCount.objects.filter(finished_at__isnull=False).exclude(pk=claimed.pk).delete()
    _replace([] if lacks else forecasts(evidence, list(Assumption.objects.in_force()), None))


@retried
@transaction.atomic
def simulate_again() -> bool:
    """The latest forecast from the counts we have, with the assumptions as they are now. About a second."""
    _alone()
    last = ForecastCount.objects.enough()
    if last is None:
        return False
    counted = {row.team_id: row for row in TeamForecast.objects.latest_ones()}
    _replace(forecasts(Evidence.from_json(last.evidence), list(Assumption.objects.in_force()), None, counted))
    return True


def _alone() -> None:
    """One after another until the transaction ends: who waited reads the counts and assumptions of who was first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('reports.forecast'))")


def _replace(rows: list[TeamForecast]) -> None:
    TeamForecast.objects.latest_ones().delete()
    TeamForecast.objects.bulk_create(rows)


# --- The record --------------------------------------------------------------------------------------


def record_due(now: datetime | None = None) -> list[date]:
    """Months whose forecast is not kept yet although there was enough to make one, the oldest first. Two queries."""
    now = now or timezone.now()
    months = [months_before(month_of(now), back) for back in range(BACK - 1, -1, -1)]
    kept = set(TeamForecast.objects.record().filter(month__in=months).values_list("month", flat=True))
    closed = Deal.objects.filter(closed_at__isnull=False, closed_at__lt=midnight(months[-1]))
    first = closed.aggregate(first=Min("closed_at"))["first"]
    won = dict(closed.filter(state=DealState.WON).annotate(month=month_in("closed_at")).order_by()
               .values_list("month").annotate(Count("pk")))  # fmt: skip
    return [month for month in months if month not in kept and first and _enough(midnight(month), first, won)]


def _enough(moment: datetime, first: datetime, won: dict[datetime, int]) -> bool:
    """A cheap look; whoever makes the forecast looks again."""
    year = sum(number for month, number in won.items() if moment - timedelta(days=366) <= month < moment)
    return year >= ENOUGH_WON * SURELY and first <= moment - timedelta(days=ENOUGH_DAYS + 1)


def keep(month: date) -> int:
    """Make the forecast of that month's beginning with what was known then, and keep it for ever. Rows written.

    Made twice, at once or again, it is the first that stays.
    """
    evidence = count(midnight(month))
    if missing(evidence):
        return 0
    rows = forecasts(evidence, list(Assumption.objects.in_force(midnight(month))), month)
    return len(TeamForecast.objects.bulk_create(rows, ignore_conflicts=True))


# --- Rows --------------------------------------------------------------------------------------------


def forecasts(
    evidence: Evidence, held: list[Assumption], month: date | None, counted: Mapping[int, TeamForecast] | None = None
) -> list[TeamForecast]:
    """A row for each team, not saved. What came before is read now, or is what was `counted` with the evidence: so
    that an assumption changes what it is about, and nothing that became known since slips in beside it.
    """
    known = world(evidence)
    changes = changes_of(known, held)
    gains = effects(evidence, held)
    rows = [
        _row(known, place, one, changes.get(one.team, Changes()), gains.get(one.team, []), month)
        for place, one in enumerate(simulate(known, changes))
    ]
    if month:
        return rows
    return _with_past(rows, evidence) if counted is None else _with_counted(rows, counted)


def _row(
    known: World, place: int, paths: Paths, changes: Changes, gains: list[dict[str, Any]], month: date | None
) -> TeamForecast:
    spans = [[span.month.isoformat(), span.start, span.end, span.whole] for span in known.spans]
    return TeamForecast(
        team_id=paths.team, month=month, as_of=known.evidence.as_of, spans=spans,
        expected={label: [round(float(sum_), 2) for sum_ in paths.by_label[i]] for i, label in enumerate(LABELS)},
        paths=paths.revenue.astype("float32").tobytes(), basis=basis(known, place, changes, gains),
    )  # fmt: skip


def _with_past(rows: list[TeamForecast], evidence: Evidence) -> list[TeamForecast]:
    """The latest also carries what came before, so that a page asks for nothing else."""
    won, handed_off = won_before(evidence.teams, evidence.as_of), handoffs_before(evidence.teams, evidence.as_of)
    for row in rows:
        row.won = won[row.team_id]
        row.basis["handoffs"] = handed_off[row.team_id]
        row.basis["deals"] = evidence.won
    return rows


def _with_counted(rows: list[TeamForecast], counted: Mapping[int, TeamForecast]) -> list[TeamForecast]:
    """Of the teams that are still there."""
    here = [(row, counted[row.team_id]) for row in rows if row.team_id in counted]
    for row, was in here:
        row.won = was.won
        row.basis |= {name: was.basis[name] for name in ("handoffs", "deals")}
    return [row for row, _ in here]


def won_before(teams: Iterable[int], as_of: datetime, months: int = 18) -> dict[int, dict[str, Any]]:
    """What came, by team and month: {"2026-10-01": [revenue, deals, largest deal]} of so many months."""
    start = midnight(months_before(month_of(as_of), months))
    deals = Deal.objects.filter(state=DealState.WON, closed_at__gte=start, closed_at__lte=as_of)
    rows = deals.annotate(month=month_in("closed_at")).order_by().values_list("team", "month")
    found: dict[int, dict[str, Any]] = {team: {} for team in teams}
    for team, month, revenue, number, largest in rows.annotate(Sum("amount"), Count("pk"), Max("amount")):
        found[team][f"{month:%Y-%m-%d}"] = [float(revenue or 0), number, float(largest or 0)]
    return found
