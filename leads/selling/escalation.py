"""What follows when a handoff is not answered: a reminder, the managers are told, then the next rep or expiry.

Whoever claims the row of a step does it and marks it done in the same transaction, so each happens once, however late
it is found and by however many workers. A step whose handoff was answered meanwhile is done with.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from leads.enums import HandoffState, Role
from leads.models import Handoff, Step, User
from leads.outgoing.notices import notify
from leads.retry import retried
from leads.selling import handoffs, passing
from leads.selling.assignment import Pool
from leads.selling.promises import ANSWERED

logger = logging.getLogger(__name__)
# What could not be done is tried again then, and holds up nothing else.
AGAIN = timedelta(minutes=10)


def run_due(limit: int = 500) -> int:
    """Do the steps whose moment has come, one transaction each. Returns how many were done."""
    for done in range(limit):
        claimed: list[int] = []
        try:
            if not _run_next(claimed):
                return done
        except Exception as error:  # one that cannot be done must not keep managers from hearing of the others
            if not claimed:
                raise
            logger.exception("Step %s could not be done and is tried again in %s", claimed[-1], AGAIN)
            said = f"not done: {error}"[:150]
            Step.objects.filter(pk=claimed[-1], done_at=None).update(due_at=timezone.now() + AGAIN, outcome=said)
    return limit


@retried
@transaction.atomic
def _run_next(claimed: list[int]) -> bool:
    step = _claim(timezone.now())
    if step is None:
        return False
    claimed.append(step.pk)
    outcome = _act(step)
    Step.objects.filter(pk=step.pk).update(done_at=timezone.now(), outcome=outcome[:150])
    return True


def _claim(now: datetime) -> Step | None:
    """The step that has waited longest, held, past those another worker holds."""
    due = Step.objects.filter(done_at=None, due_at__lte=now).order_by("due_at", "pk")
    return due.select_for_update(skip_locked=True, no_key=True).first()


def _act(step: Step) -> str:
    team = Handoff.objects.values_list("team_id", flat=True).get(pk=step.handoff_id)
    # Before the lead, as everywhere: pool → leads → handoff.
    pool = Pool.locked([team]) if step.kind == Step.PASS_ON else None
    lead = Handoff.objects.values("lead_id").get(pk=step.handoff_id)["lead_id"]
    handoffs.hold(lead)
    handoff = Handoff.objects.select_related("lead__company", "team__calendar", "assignee").get(pk=step.handoff_id)
    if handoff.state != HandoffState.OPEN:
        return ANSWERED
    return _pass_on(handoff, pool) if pool else _ACTS[step.kind](handoff)


def _remind(handoff: Handoff) -> str:
    who = [handoff.assignee] if handoff.assignee else _people(handoff, Role.REP)
    _tell(handoff, who, Step.REMIND, f"{_lead(handoff)} waits for your answer: {_clock(handoff)}.")
    return f"{_names(who)} reminded"


def _escalate(handoff: Handoff) -> str:
    who = _people(handoff, Role.MANAGER) or _people(handoff, Role.ADMIN)
    waits = f"waits for {handoff.assignee or 'the team'}"
    _tell(handoff, who, Step.ESCALATE, f"{_lead(handoff)} {waits}: {_clock(handoff)}.", mail=True)
    return f"{_names(who)} told" if who else "the team has no manager"


def _pass_on(handoff: Handoff, pool: Pool) -> str:
    choice = pool.next_in_turn(handoff.team_id, but=handoff.assignee_id)
    if choice.user_id is None:
        return f"not passed on: {choice.because}"
    before = handoff.assignee
    passing.give(handoff, choice.user_id, f"not answered by {before or 'the team'} in time: {choice.because}")
    to = User.objects.get(pk=choice.user_id)
    _tell(handoff, [to], Step.PASS_ON, f"{_lead(handoff)} is passed on to you, not answered in time by {before}.")
    if before:
        _tell(handoff, [before], Step.PASS_ON, f"{_lead(handoff)} was not answered in time and is now with {to}.")
    return f"passed on to {to}"


def _expire(handoff: Handoff) -> str:
    handoffs.expire(handoff)
    who = ([handoff.assignee] if handoff.assignee else []) + _people(handoff, Role.MANAGER)
    _tell(handoff, who, Step.EXPIRE, f"The handoff of {_lead(handoff)} expired: nobody answered in time.")
    return "expired"


_ACTS: dict[str, Callable[[Handoff], str]] = {Step.REMIND: _remind, Step.ESCALATE: _escalate, Step.EXPIRE: _expire}


def _tell(handoff: Handoff, who: list[User], kind: str, text: str, mail: bool = False) -> None:
    url = reverse("handoff", args=[handoff.pk])
    notify(who, kind=f"handoff-{kind}", text=text, url=url, key=f"{kind}:{handoff.pk}", mail=mail)


def _people(handoff: Handoff, role: str) -> list[User]:
    member = Q(memberships__team=handoff.team_id, memberships__role=role)
    return list(User.objects.filter(member, is_active=True).order_by("pk"))


def _lead(handoff: Handoff) -> str:
    return f"{handoff.lead}, {handoff.lead.company}" if handoff.lead.company else str(handoff.lead)


def _clock(handoff: Handoff) -> str:
    words = handoff.clock.words
    return words[:1].lower() + words[1:]


def _names(people: list[User]) -> str:
    return ", ".join(map(str, people[:3])) + (f" and {len(people) - 3} more" if len(people) > 3 else "")
