"""Handoffs nobody had room for: they get the next rep with room, when capacity, a rep or a working day returns."""

from django.db import transaction
from django.urls import reverse

from leads.history import attributed
from leads.models import Handoff, Lead, User
from leads.outgoing.notices import notify
from leads.retry import retried
from leads.selling import handoffs, passing
from leads.selling.assignment import Choice, Pool

AT_ONCE = 500


def assign_waiting() -> int:
    """Give each its rep, fast track first, then the first that came. Returns how many found one."""
    waiting = Handoff.objects.open().filter(waits_for_rep=True).order_by()
    return sum(_assign(team) for team in sorted(set(waiting.values_list("team_id", flat=True))))


@retried
@transaction.atomic
def _assign(team_id: int) -> int:
    with attributed(origin=handoffs.ORIGIN):
        pool = Pool.locked([team_id])
        waiting = Handoff.objects.open().filter(team=team_id, waits_for_rep=True)
        rows = list(waiting.order_by("-fast_track", "opened_at", "pk")[:AT_ONCE])
        leads = {lead.pk: lead for lead in _held([row.lead_id for row in rows])}
        choices = pool.choose([leads[row.lead_id] for row in rows])
        return sum(_give(row, choice) for row, choice in zip(rows, choices, strict=True) if choice.user_id)


def _held(lead_ids: list[int]) -> list[Lead]:
    return list(Lead.objects.filter(pk__in=lead_ids).order_by("pk").select_for_update(no_key=True))


def _give(handoff: Handoff, choice: Choice) -> bool:
    """False where somebody took it while nobody had room."""
    try:
        passing.give(handoff, choice.user_id, f"waited for room: {choice.because}")
    except handoffs.AlreadyDecided:
        return False
    url = reverse("handoff", args=[handoff.pk])
    to = User.objects.filter(handoffs=handoff)
    notify(to, kind="handoff", text=f"{handoff.lead} is yours to answer.", url=url, key=f"waited:{handoff.pk}")
    return True
