"""How did one week of handoffs go in a team, and what came out otherwise than the label said?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, TruncWeek
from django.urls import reverse
from django.utils import timezone

from leads.enums import DECIDED, DealState, HandoffState, Label
from leads.medians import Median
from leads.models import Deal, Feedback, Handoff, Team
from leads.statistics import Rate

REASONS = LISTED = 3
WEEKS = 8  # in the picture
WEEK = timedelta(days=7)
HOT, COLD = Q(label=Label.HOT), Q(label=Label.COLD)
# What is counted of handoffs answered with yes or no.
ACCEPTED = {"decided": Count("pk"), "accepted": Count("pk", filter=Q(state=HandoffState.ACCEPTED))}
ANSWERS = {
    **ACCEPTED, "hours": Median("hours_taken"), "answers": Count("hours_taken"), "hots": Count("pk", filter=HOT),
    "rejected_hots": Count("pk", filter=HOT & Q(state=HandoffState.REJECTED)),
}  # fmt: skip


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
    """`start`: a Monday at midnight, in the zone whose weeks are meant. Ten queries at most."""
    of_team, won = Handoff.objects.filter(team=team), _won(team, start)
    answered, before = _answered(of_team, start), _answered(of_team, start - WEEK).aggregate(**ACCEPTED)
    now, past = answered.aggregate(**ANSWERS), _past(of_team, start)
    waiting = of_team.open().aggregate(n=Count("pk"), k=Count("pk", filter=Q(due_at__lt=timezone.now())))
    deals = won.aggregate(n=Count("pk"), k=Count("pk", filter=COLD))
    return TeamWeek(
        team=team,
        handed_off=past[-1].handed_off,
        accepted=Rate(now["accepted"], now["decided"]),
        before=Rate(before["accepted"], before["decided"]),
        hours=now["hours"],
        answers=now["answers"],
        reasons=_reasons(answered),
        late=Rate(waiting["k"], waiting["n"]),
        past=past,
        hots=Rate(now["rejected_hots"], now["hots"]),
        rejected_hots=_rejected(answered.filter(HOT)),
        colds=Rate(deals["k"], deals["n"]),
        won_colds=_won_colds(won),
    )


def _answered(of_team: QuerySet[Handoff], start: datetime) -> QuerySet[Handoff]:
    return of_team.filter(decided_at__gte=start, decided_at__lt=start + WEEK, state__in=DECIDED)


def _past(of_team: QuerySet[Handoff], start: datetime) -> list[PastWeek]:
    """By the clocks where `start` is: a week in which they change is an hour longer or shorter."""
    weeks = [start - back * WEEK for back in reversed(range(WEEKS))]
    opened = of_team.filter(opened_at__gte=weeks[0], opened_at__lt=start + WEEK)
    by_week = opened.annotate(week=TruncWeek("opened_at", tzinfo=start.tzinfo)).order_by().values_list("week")
    yes, no = (Count("pk", filter=Q(state=state)) for state in DECIDED)
    counted = {week.date(): rest for week, *rest in by_week.annotate(Count("pk"), yes=yes, no=no)}
    return [PastWeek(week, *counted.get(week.date(), (0, 0, 0))) for week in weeks]


def _reasons(answered: QuerySet[Handoff]) -> list[tuple[str, Rate]]:
    """The most frequent, of all rejections of the week."""
    rejected = answered.filter(state=HandoffState.REJECTED)
    given = Feedback.objects.filter(handoff__in=rejected, verdict=Feedback.REJECTED).order_by()
    counted = given.values_list("reason__label").annotate(k=Count("pk")).order_by("-k", "reason__label")
    rows = list(counted)
    total = sum(k for _, k in rows)
    return [(label, Rate(k, total)) for label, k in rows[:REASONS]]


def _rejected(answered: QuerySet[Handoff]) -> list[Surprise]:
    best = answered.filter(state=HandoffState.REJECTED).order_by(F("total").desc(nulls_last=True), "pk")
    rows = best.select_related("lead").prefetch_related("feedback__reason")
    return [Surprise(str(row.lead), reverse("handoff", args=[row.pk]), _why(row)) for row in rows[:LISTED]]


def _why(handoff: Handoff) -> str:
    reasons = [str(answer.reason) for answer in handoff.feedback.all() if answer.verdict == Feedback.REJECTED]
    return f"{handoff.total} at handoff; {reasons[0] if reasons else 'no reason kept'}"


def _won(team: Team, start: datetime) -> QuerySet[Deal]:
    """Deals won in the week, each with the label its lead had when it was first handed off, else has today."""
    first = Handoff.objects.filter(lead=OuterRef("lead")).exclude(label="").order_by("opened_at", "pk")
    won = Deal.objects.filter(team=team, state=DealState.WON, closed_at__gte=start, closed_at__lt=start + WEEK)
    label = Coalesce(Subquery(first.values("label")[:1]), F("lead__standing__label"))
    return won.filter(lead__isnull=False).annotate(label=label)


def _won_colds(won: QuerySet[Deal]) -> list[Surprise]:
    largest = won.filter(COLD).select_related("lead").order_by(F("amount").desc(nulls_last=True), "pk")
    return [_bought(deal) for deal in largest[:LISTED]]


def _bought(deal: Deal) -> Surprise:
    amount = f", € {deal.amount:,.0f}" if deal.amount else ""
    return Surprise(str(deal.lead), reverse("lead", args=[deal.lead_id]), f"{deal.name}{amount}")
