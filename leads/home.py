"""What waits for whom: the first page of each role."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from leads.access import teams_with
from leads.enums import HandoffState, ImportState, Label, Stage
from leads.keyset import capped_count
from leads.models import Feedback, Handoff, Import, Standing, User
from leads.rows import JOINED, LeadRow, best_first, lead_rows, standings_of
from leads.selling import queue

SHOWN = 5
WEEK = timedelta(days=7)
WITH_ME = (Stage.ACCEPTED, Stage.OPPORTUNITY)
NOT_WITH_SALES = (Stage.NEW, Stage.NURTURE)


@dataclass(frozen=True)
class Waiting:
    """Handoffs that wait for a person's answer, the next to be late first."""

    handoffs: list[Handoff]
    count: int
    late: int
    today: int


def waiting_for(user: User) -> Waiting:
    open_ = queue.shown(user).filter(state=HandoffState.OPEN, assignee=user).order_by("due_at", "pk")
    dues = list(open_.values_list("due_at", flat=True))
    now, today = timezone.now(), timezone.localdate()
    late = sum(due <= now for due in dues)
    due_today = sum(timezone.localdate(due) == today for due in dues if due > now)
    return Waiting(queue.with_recent(list(open_[:SHOWN])), len(dues), late, due_today)


@dataclass(frozen=True)
class Decisions:
    """Seven days of a person's answers. `hours`: the median of working hours; None while there is none."""

    accepted: int
    rejected: int
    recycled: int
    hours: float | None
    in_time: int

    @property
    def count(self) -> int:
        return self.accepted + self.rejected + self.recycled


def decisions_of(user: User) -> Decisions:
    mine = Feedback.objects.visible_to(user).filter(by=user, created_at__gte=timezone.now() - WEEK)
    rows = list(mine.values_list("verdict", "created_at", "handoff__hours_taken", "handoff__due_at"))
    verdicts = [verdict for verdict, *_ in rows]
    hours = [taken for _, _, taken, _ in rows if taken is not None]
    return Decisions(
        verdicts.count(Feedback.ACCEPTED),
        verdicts.count(Feedback.REJECTED),
        verdicts.count(Feedback.RECYCLED),
        median(hours) if hours else None,
        sum(at <= due for _, at, _, due in rows),
    )


def my_leads(user: User) -> tuple[list[LeadRow], int]:
    """The leads this person took on, best first, and how many there are."""
    mine = standings_of(user).filter(owner=user, stage__in=WITH_ME)
    return lead_rows(list(best_first(mine).select_related(*JOINED)[:SHOWN])), capped_count(mine)


def best_not_with_sales(user: User) -> list[LeadRow]:
    return lead_rows(list(best_first(_hot_unoffered(user)).select_related(*JOINED)[:SHOWN]))


@dataclass(frozen=True)
class Matter:
    """Something that needs attention: how many, of what, and where to see them."""

    count: int
    one: str
    many: str
    href: str
    kind: str = "warn"

    @property
    def what(self) -> str:
        return self.one if self.count == 1 else self.many


def matters(user: User) -> list[Matter]:
    """What needs attention in the user's teams, most urgent first; what counts none is left out."""
    return [matter for matter in _matters(user) if matter.count]


def _matters(user: User) -> Iterator[Matter]:
    handoffs = Handoff.objects.visible_to(user)
    yield Matter(
        handoffs.overdue().count(), "handoff is late", "handoffs are late", f"{reverse('handoffs')}?tab=team", "bad"
    )
    hot = "&".join(["label=hot", *(f"stage={stage}" for stage in NOT_WITH_SALES)])
    yield Matter(
        capped_count(_hot_unoffered(user)),
        "Hot lead is not with sales",
        "Hot leads are not with sales",
        f"{reverse('leads')}?{hot}",
    )
    rejected = handoffs.filter(state=HandoffState.REJECTED, decided_at__gte=timezone.now() - WEEK)
    yield Matter(
        rejected.count(),
        "handoff was rejected in 7 days",
        "handoffs were rejected in 7 days",
        f"{reverse('handoffs')}?tab=rejected",
        "info",
    )
    if user.has_perm("leads.view_import"):
        yield Matter(
            _troubled_imports(user).count(),
            "import of 7 days left rows out",
            "imports of 7 days left rows out",
            reverse("imports"),
        )
    unscored = capped_count(standings_of(user).filter(total=None))
    yield Matter(unscored, "lead is not scored", "leads are not scored", f"{reverse('leads')}?label=none", "info")


def _hot_unoffered(user: User) -> QuerySet[Standing]:
    return standings_of(user).filter(label=Label.HOT, stage__in=NOT_WITH_SALES)


def _troubled_imports(user: User) -> QuerySet[Import]:
    mine = Import.objects.filter(team__in=teams_with(user, "leads.view_import"))
    lately = mine.filter(created_at__gte=timezone.now() - WEEK)
    return lately.filter(Q(state=ImportState.FAILED) | Q(rejected__gt=0))


def counts_by_label(user: User) -> list[tuple[str, str, int]]:
    """(label, its name, how many leads), best first."""
    standings = standings_of(user)
    return [(label, label.label, capped_count(standings.filter(label=label))) for label in Label]
