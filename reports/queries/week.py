"""How did one week of handoffs go in a team, and what came out otherwise than the label said?"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, DateTimeField, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Floor
from django.urls import reverse
from django.utils import timezone

from leads.enums import DECIDED, DealState, HandoffState, Label
from leads.medians import Median
from leads.models import Deal, Feedback, Handoff, Team
from leads.statistics import Rate
from reports.queries.outcomes import Days

REASONS = LISTED = 3
WEEKS = 8  # in the picture
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Surprise:
    """A lead that came out otherwise than its label said: its name, page, and what happened."""

    lead: str
    url: str
    said: str


@dataclass(frozen=True)
class PastWeek:
    """Handoffs opened in the seven days from `start` on, and those of them accepted and rejected by now."""

    start: datetime
    handed_off: int
    accepted: int
    rejected: int


@dataclass(frozen=True)
class TeamWeek:
    """One team from `start` on, for seven days. What is late is late now.

    `accepted`, `before`: of the handoffs answered with yes or no in the week and in the one before. `hours`: median
    working hours to an answer, of `answers`. `past`: eight weeks, this one last. `late`: of those still open. `hots`:
    rejected, of the Hots answered. `colds`: Cold when they were first handed off (never: today), of the deals won.
    """

    team: Team
    handed_off: int
    accepted: Rate
    before: Rate
    hours: float | None
    answers: int
    reasons: list[tuple[str, Rate]]
    late: Rate
    past: list[PastWeek]
    hots: Rate
    rejected_hots: list[Surprise]
    colds: Rate
    won_colds: list[Surprise]

    @property
    def quiet(self) -> bool:
        """Nothing happened, and nothing waits."""
        return not (self.handed_off or self.accepted.n or self.late.n or self.colds.n)


def team_week(team: Team, start: datetime) -> TeamWeek:
    """Nine queries."""
    end, of_team = start + WEEK, Handoff.objects.filter(team=team)
    answered = of_team.filter(decided_at__gte=start, decided_at__lt=end, state__in=DECIDED)
    time = answered.aggregate(hours=Median("hours_taken"), n=Count("hours_taken"))
    hots, won = answered.filter(label=Label.HOT), _won(team, start, end)
    rejected, cold = hots.filter(state=HandoffState.REJECTED), won.filter(label=Label.COLD)
    waiting = of_team.open().aggregate(n=Count("pk"), k=Count("pk", filter=Q(due_at__lt=timezone.now())))
    return TeamWeek(
        team=team,
        handed_off=of_team.filter(opened_at__gte=start, opened_at__lt=end).count(),
        accepted=_accepted(answered),
        before=_accepted(of_team.filter(decided_at__gte=start - WEEK, decided_at__lt=start, state__in=DECIDED)),
        hours=time["hours"],
        answers=time["n"],
        reasons=_reasons(answered),
        late=Rate(waiting["k"], waiting["n"]),
        past=_past(of_team, start),
        hots=Rate(rejected.count(), hots.count()),
        rejected_hots=_rejected(rejected),
        colds=Rate(cold.count(), won.count()),
        won_colds=[_won_cold(deal) for deal in cold.select_related("lead").order_by("-amount", "pk")[:LISTED]],
    )


def _past(of_team: QuerySet[Handoff], start: datetime) -> list[PastWeek]:
    first = start - (WEEKS - 1) * WEEK
    week = Floor(Days(F("opened_at"), Value(first, DateTimeField())) / 7.0)
    opened = of_team.filter(opened_at__gte=first, opened_at__lt=start + WEEK).annotate(week=week).order_by()
    yes, no = (Count("pk", filter=Q(state=state)) for state in DECIDED)
    counted = {int(week): rest for week, *rest in opened.values_list("week").annotate(Count("pk"), yes=yes, no=no)}
    return [PastWeek(first + number * WEEK, *counted.get(number, (0, 0, 0))) for number in range(WEEKS)]


def _accepted(answered: QuerySet[Handoff]) -> Rate:
    counted = answered.aggregate(n=Count("pk"), k=Count("pk", filter=Q(state=HandoffState.ACCEPTED)))
    return Rate(counted["k"], counted["n"])


def _reasons(answered: QuerySet[Handoff]) -> list[tuple[str, Rate]]:
    """The most frequent, of all rejections of the week."""
    given = Feedback.objects.filter(
        handoff__in=answered.filter(state=HandoffState.REJECTED), verdict=Feedback.REJECTED
    ).order_by()
    counted = given.values_list("reason__label").annotate(k=Count("pk")).order_by("-k", "reason__label")
    rows = list(counted)
    total = sum(k for _, k in rows)
    return [(label, Rate(k, total)) for label, k in rows[:REASONS]]


def _rejected(rejected: QuerySet[Handoff]) -> list[Surprise]:
    best = rejected.order_by(F("total").desc(nulls_last=True), "pk")
    rows = best.select_related("lead").prefetch_related("feedback__reason")
    return [Surprise(str(row.lead), reverse("handoff", args=[row.pk]), _why(row)) for row in rows[:LISTED]]


def _why(handoff: Handoff) -> str:
    reasons = [str(answer.reason) for answer in handoff.feedback.all() if answer.verdict == Feedback.REJECTED]
    return f"{handoff.total} at handoff; {reasons[0] if reasons else 'no reason kept'}"


def _won(team: Team, start: datetime, end: datetime) -> Any:
    """Deals won in the week, each with the label its lead had when it was first handed off, else has today."""
    first = Handoff.objects.filter(lead=OuterRef("lead")).exclude(label="").order_by("opened_at", "pk")
    won = Deal.objects.filter(team=team, state=DealState.WON, closed_at__gte=start, closed_at__lt=end)
    label = Coalesce(Subquery(first.values("label")[:1]), F("lead__standing__label"))
    return won.filter(lead__isnull=False).annotate(label=label)


def _won_cold(deal: Deal) -> Surprise:
    amount = f", € {deal.amount:,.0f}" if deal.amount else ""
    return Surprise(str(deal.lead), reverse("lead", args=[deal.lead_id]), f"{deal.name}{amount}")
