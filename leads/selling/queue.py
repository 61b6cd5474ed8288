"""What the handoff pages show: who waits for whom, what was answered, and what marketing should know."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from leads import days
from leads.enums import DECIDED, HandoffState, Role, Stage
from leads.keyset import Page, page_of
from leads.medians import Median
from leads.models import Event, Feedback, Handoff, Lead, User
from leads.selling import handoffs
from leads.selling.deals import outcomes
from leads.selling.followup import with_first_touch
from leads.statistics import ENOUGH
from leads.timeline import Moment, moment

TABS = {
    "mine": "Mine",
    "team": "Team",
    "snoozed": "Snoozed",
    "accepted": "Accepted",
    "rejected": "Rejected",
    "resting": "Resting",
}
OPEN_TABS = ("mine", "team", "snoozed")
GROUPS = ("Late", "Fast track", "Due today", "Later")
PAGE = 50
WEEK = timedelta(days=7)
# What people do by the dozen says little about one of them.
PASSING = ("page_viewed", "email_opened")
RECENT = 3
FAST = 10


def default_tab(user: User) -> str:
    """Reps begin with what waits for them, everybody else with what waits for the team."""
    return "mine" if user.has_role(Role.REP) else "team"


def tabs(user: User) -> list[tuple[str, str, int]]:
    """Every tab with its name and count. One query."""
    counted = {name: Count("pk", filter=_of_tab(name, user)) for name in TABS}
    counts = Handoff.objects.visible_to(user).aggregate(**counted)
    return [(name, label, counts[name]) for name, label in TABS.items()]


def page(user: User, tab: str, cursor: str = "") -> Page:
    """Open handoffs, the next to be late first; decided ones, the last decided first. Raises BadCursor."""
    rows = shown(user).filter(_of_tab(tab, user))
    page = page_of(rows, order="due_at" if tab in OPEN_TABS else "-decided_at", size=PAGE, cursor=cursor)
    if tab in OPEN_TABS:
        with_recent(page.rows)
    return page


def fast_track(user: User, tab: str) -> list[Handoff]:
    """The first of what goes before everything else: the best, the next to be late first."""
    rows = shown(user).filter(_of_tab(tab, user), fast_track=True).order_by("due_at", "pk")
    return with_recent(list(rows[:FAST]))


def with_recent(rows: list[Handoff]) -> list[Handoff]:
    """Each with `recent`: the last that its lead did that means something, latest first. One query."""
    place = Window(RowNumber(), partition_by=F("lead"), order_by=[F("occurred_at").desc(), F("pk").desc()])
    own = Event.objects.filter(lead__in=[row.lead_id for row in rows], kind__by_lead=True, quarantined=False)
    last = own.exclude(kind__slug__in=PASSING).annotate(place=place).filter(place__lte=RECENT)
    by_lead: dict[int, list[Moment]] = {}
    for event in last.select_related("kind", "source").order_by("lead", "place"):
        by_lead.setdefault(event.lead_id, []).append(moment(event))
    for row in rows:
        row.recent = by_lead.get(row.lead_id, [])  # type: ignore[attr-defined]
    return rows


def shown(user: User) -> QuerySet[Handoff]:
    """Handoffs the user may see, with all that a row shows."""
    related = ("lead__company", "lead__standing", "assignee", "decided_by", "team__calendar")
    answers = ("feedback__reason", "feedback__by")
    return Handoff.objects.visible_to(user).select_related(*related).prefetch_related(*answers)


def _of_tab(tab: str, user: User) -> Q:
    asleep = Q(snoozed_until__gt=timezone.now())
    awake = Q(snoozed_until=None) | ~asleep
    return {
        "mine": Q(awake, state=HandoffState.OPEN, assignee=user),
        "team": Q(awake, state=HandoffState.OPEN),
        "snoozed": Q(asleep, state=HandoffState.OPEN),
        "accepted": Q(state=HandoffState.ACCEPTED),
        "rejected": Q(state=HandoffState.REJECTED),
        "resting": Q(state=HandoffState.RECYCLED, lead__stage=Stage.RESTING, lead__resting_until__gt=days.today()),
    }[tab]


def grouped(rows: Iterable[Handoff]) -> list[tuple[str, list[Handoff]]]:
    """Late, fast track, due today, later: those there are."""
    groups: dict[str, list[Handoff]] = {name: [] for name in GROUPS}
    now, day = timezone.now(), timezone.localdate()
    for handoff in rows:
        later = "Due today" if timezone.localdate(handoff.due_at) == day else "Later"
        groups["Late" if handoff.due_at <= now else "Fast track" if handoff.fast_track else later].append(handoff)
    return [(name, members) for name, members in groups.items() if members]


def group_counts(user: User, tab: str) -> dict[str, int]:
    """How many of the tab are in each group, on whatever page they stand. One query."""
    now = timezone.now()
    tomorrow = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    waits, today = Q(due_at__gt=now), Q(due_at__lt=tomorrow)
    of = (Q(due_at__lte=now), waits & Q(fast_track=True), waits & today & Q(fast_track=False),
          waits & ~today & Q(fast_track=False))  # fmt: skip
    rows = Handoff.objects.visible_to(user).filter(_of_tab(tab, user))
    counts = rows.aggregate(**{f"g{n}": Count("pk", filter=which) for n, which in enumerate(of)})
    return {name: counts[f"g{n}"] for n, name in enumerate(GROUPS)}


def decided_lately(user: User, limit: int = 10) -> tuple[list[Handoff], int]:
    """The last answers of seven days, and how many there were."""
    rows = shown(user).filter(decided_at__gte=timezone.now() - WEEK).exclude(state=HandoffState.OPEN)
    return list(rows.order_by("-decided_at", "-pk")[:limit]), rows.count()


@dataclass(frozen=True)
class Week:
    """Seven days of handoffs, for marketing. `usual`: a week's on average of four; `hours`: None without a decision."""

    handed_off: int
    usual: float
    accepted: int
    decided: int
    hours: float | None
    late: list[Handoff]
    late_count: int
    answers: list[Feedback]

    @property
    def accepted_share(self) -> float | None:
        """In hundredths, of those accepted or rejected; None under 30 decisions."""
        return 100 * self.accepted / self.decided if self.decided >= ENOUGH else None


def week(user: User) -> Week:
    """What came of the last seven days in the user's teams. Six queries."""
    since, seen = timezone.now() - WEEK, Handoff.objects.visible_to(user)
    decided = seen.filter(decided_at__gte=since).exclude(state=HandoffState.EXPIRED)
    counted = decided.aggregate(
        accepted=Count("pk", filter=Q(state=HandoffState.ACCEPTED)),
        decided=Count("pk", filter=Q(state__in=DECIDED)),
        hours=Median("hours_taken"),
    )
    late = seen.overdue()
    answers = Feedback.objects.visible_to(user).filter(created_at__gte=since).exclude(verdict=Feedback.ACCEPTED)
    return Week(
        handed_off=seen.filter(opened_at__gte=since).count(),
        usual=seen.filter(opened_at__gte=timezone.now() - 4 * WEEK).count() / 4,
        **counted,
        late=list(late.select_related("lead").order_by("due_at")[:3]),
        late_count=late.count(),
        answers=list(answers.select_related("handoff__lead__company", "reason", "by").order_by("-created_at")[:20]),
    )


def of_lead(lead: Lead, user: User) -> dict[str, Any]:
    """The variables of templates/leads/_decision.html and _feedback.html."""
    rows = list(with_first_touch(shown(user).filter(lead=lead)).order_by("-opened_at", "-pk")[:20])
    waiting = next((handoff for handoff in rows if handoff.state == HandoffState.OPEN), None)
    last = rows[0] if rows else None
    taken = last if last and last.state == HandoffState.ACCEPTED else None
    works = taken is not None and handoffs.may_decide(taken, user)
    return {
        "taken": taken if works else None,
        "outcomes": outcomes(taken) if taken and works else None,
        "may_withdraw": last is not None and handoffs.may_withdraw(last, user),
        "may_release": waiting is not None and user.has_perm("leads.release_handoff", waiting),
        "handoff": waiting,
        "last_handoff": rows[0] if rows else None,
        "said": [(handoff, answer) for handoff in rows for answer in handoff.feedback.all()],
        "may_decide": waiting is not None and handoffs.may_decide(waiting, user),
        "may_offer": waiting is None and handoffs.ready(lead) and user.has_perm("leads.add_handoff", lead),
    }
