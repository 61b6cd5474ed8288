"""What changed because of rules, before anything follows from it: marketing looks, and hands off or dismisses.

A published, rolled back or recounted model and a changed rule move many leads at once. Their crossings wait here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from leads.access import teams_with
from leads.enums import Cause, CrossingState
from leads.models import Crossing, Handoff, Lead, User
from leads.retry import retried
from leads.rules import acting
from leads.selling.handoffs import TAKEN, open_handoffs, ready

AT_ONCE = 1000


@dataclass(frozen=True)
class Relabelled:
    """A version gave a lead a label that is handed off."""

    lead_id: int
    before: str
    label: str


def put_forward(moved: Sequence[Relabelled]) -> int:
    """Leads that a version moved to a label that is handed off wait for review, unless sales has them already."""
    wanted = {move.lead_id: move for move in moved}
    waiting = Handoff.objects.open().filter(lead__in=wanted).values("lead")
    free = Lead.objects.filter(pk__in=wanted).exclude(stage__in=TAKEN).exclude(pk__in=waiting)
    now = timezone.now()
    rows = [
        Crossing(lead_id=pk, cause=Cause.RULES, state=CrossingState.REVIEW, at=now,
                 label_before=wanted[pk].before, label=wanted[pk].label)
        for pk in free.order_by("pk").values_list("pk", flat=True)
    ]  # fmt: skip
    Crossing.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def withdraw(lead_ids: Iterable[int]) -> None:
    """These left the labels that are handed off, or are handed off: there is nothing left to review."""
    waiting = Crossing.objects.review().filter(rule=None, lead__in=list(lead_ids))
    waiting.update(state=CrossingState.WITHDRAWN, decided_at=timezone.now())


def open_to(user: User) -> QuerySet[Crossing]:
    """What this person may decide: of the teams whose leads they hand off."""
    return Crossing.objects.visible_to(user).review().filter(lead__team__in=teams_with(user, "leads.add_handoff"))


def held_back(crossings: Iterable[Crossing]) -> dict[int, str]:
    """Lead → why handing it off would do nothing now, in words. One query; the crossings carry their leads."""
    leads = {crossing.lead_id: crossing.lead for crossing in crossings}
    waiting = set(Handoff.objects.open().filter(lead__in=leads).values_list("lead_id", flat=True))
    found = {}
    for pk, lead in leads.items():
        if pk in waiting:
            found[pk] = "it waits for an answer of sales already"
        elif lead.stage in TAKEN:
            found[pk] = "sales has it already"
        elif not ready(lead):
            found[pk] = f"it rests until {lead.resting_until:%-d %b %Y}"
    return found


@retried
def approve(crossings: QuerySet[Crossing], *, by: User) -> int:
    """Have follow what was held back: hand off, and whatever else the rules of these do. Returns how many there were.

    Of two who decide at once one does. Leads that sales has by now are left as they are.
    """
    with transaction.atomic():
        held = _held(crossings)
        open_handoffs([lead for pk, lead, rule in held if rule is None], by=by)
        acting.perform([pk for pk, _, _ in held], decided_by=by)
    return len(held)


@retried
def dismiss(crossings: QuerySet[Crossing], *, by: User) -> int:
    """Nothing follows. A lead that crosses again later is a new matter."""
    with transaction.atomic():
        held = [pk for pk, _, _ in _held(crossings)]
        Crossing.objects.filter(pk__in=held).update(
            state=CrossingState.DISMISSED, decided_by=by, decided_at=timezone.now()
        )
    return len(held)


def _held(crossings: QuerySet[Crossing]) -> list[tuple[int, int, int | None]]:
    rows = Crossing.objects.review().filter(pk__in=crossings.order_by("pk").values("pk")[:AT_ONCE]).order_by("pk")
    locked = rows.select_for_update(of=("self",), no_key=True)
    return list(locked.values_list("pk", "lead_id", "rule_id"))
