"""THE way out: a lead is offered to sales, and sales answers.

    open_handoffs → accept | reject | recycle, or expire; withdraw an answer. While it is open: passing.py

Of two people who answer at once exactly one wins; the other gets AlreadyDecided. Locks are taken in the order pool →
leads by id → handoff. A changed lead locks its standing, so call these while holding no lock on standings.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from leads.access import teams_with
from leads.days import today
from leads.enums import HandoffState, Role, Stage
from leads.history import attributed
from leads.identity import lock_current
from leads.models import (
    Feedback,
    Handoff,
    Lead,
    LedgerLine,
    Membership,
    NurtureMember,
    RejectionReason,
    Standing,
    Step,
    User,
    top_reasons,
)
from leads.outgoing.notices import notify
from leads.retry import retried
from leads.selling import nurture, routing, worktime
from leads.selling.assignment import Choice, Pool
from leads.selling.promises import ANSWERED, Promises

ORIGIN = "handoff"
# Sales has these already.
TAKEN = (Stage.ACCEPTED, Stage.OPPORTUNITY, Stage.CUSTOMER)
# A rejected lead does not come straight back.
QUIET_DAYS = 30
# So long an answer can be taken back.
REGRET = timedelta(minutes=10)
HOUR = timedelta(hours=1)
LEADS_TO: dict[str, str] = {
    HandoffState.ACCEPTED: Stage.ACCEPTED, HandoffState.REJECTED: Stage.REJECTED, HandoffState.RECYCLED: Stage.RESTING,
}  # fmt: skip


class AlreadyDecided(Exception):
    """Somebody else was faster: `state` says how, `by` who (None: nobody, it expired) and `at` when."""

    def __init__(self, handoff: Handoff) -> None:
        self.state, self.by, self.at = handoff.state, handoff.decided_by, handoff.decided_at
        super().__init__(self._sentence(handoff.get_state_display().lower()))

    def _sentence(self, state: str) -> str:
        who = f" by {self.by}" if self.by else ""
        when = f" on {timezone.localtime(self.at):%-d %b at %H:%M}" if self.at else ""
        return f"Already {state}{who}{when}."


@retried
def open_handoffs(lead_ids: Iterable[int], *, by: User | None = None) -> list[Handoff]:
    """Offer these leads to sales, with the score and reasons of now as the promise. `by` None: by rule.

    Leads that sales has, that are resting or that wait for an answer already are left out of what is returned.
    """
    lead_ids = set(lead_ids)
    with transaction.atomic():
        found = routing.routes(lead_ids)
        teams = set(Lead.objects.filter(pk__in=lead_ids).values_list("team_id", flat=True))
        pool = Pool.locked(teams | {rule.team_id for rule in found.values()})
        routing.hold(found)
        leads = _ready(lead_ids)
        routing.move(leads, found, by=by)
        return _offer(leads, pool, found, by)


def _offer(leads: list[Lead], pool: Pool, found: routing.Routes, by: User | None) -> list[Handoff]:
    with attributed(by=by, origin=ORIGIN):
        promises = Promises({lead.team_id for lead in leads})
        choices = [routing.said(lead, found, choice) for lead, choice in zip(leads, pool.choose(leads), strict=True)]
        handoffs = _offers(leads, choices, promises, by)
        Handoff.objects.bulk_create(handoffs)
        Step.objects.bulk_create(promises.steps(handoffs))
        _tell_fast_track(handoffs)
        Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(stage=Stage.HANDED_OFF, resting_until=None)
        nurture.leave(NurtureMember.objects.filter(lead__in=leads), "handed off")
    return handoffs


def _tell_fast_track(handoffs: list[Handoff]) -> None:
    """The best are not left to be found."""
    fast: dict[int, list[Handoff]] = {}
    for handoff in handoffs:
        if handoff.fast_track and handoff.assignee_id:
            fast.setdefault(handoff.assignee_id, []).append(handoff)
    for who in User.objects.filter(pk__in=fast) if fast else ():
        first, number = fast[who.pk][0], len(fast[who.pk])
        text = f"{first.lead} is {first.get_label_display()}: {first.clock.words} to answer."
        url = reverse("handoff", args=[first.pk])
        if number > 1:
            text, url = f"{number} leads on the fast track wait for your answer.", reverse("handoffs")
        notify([who], kind="handoff-fast", text=text, url=url, key=f"fast:{first.pk}:{number}")


def ready(lead: Lead) -> bool:
    """Whether the lead may be offered, if it does not wait for an answer already."""
    return lead.stage not in TAKEN and not (lead.resting_until and lead.resting_until > today())


def _ready(lead_ids: set[int]) -> list[Lead]:
    locked = Lead.objects.filter(pk__in=lead_ids).order_by("pk").select_for_update(no_key=True)
    leads = [lead for lead in locked if ready(lead)]
    # Asked after the lock, in a statement of its own: the one above cannot see what it waited for.
    waiting = set(Handoff.objects.open().filter(lead__in=leads).values_list("lead_id", flat=True))
    return [lead for lead in leads if lead.pk not in waiting]


def _offers(leads: list[Lead], choices: list[Choice], promises: Promises, by: User | None) -> list[Handoff]:
    now = timezone.now()
    standings = Standing.objects.in_bulk([lead.pk for lead in leads])
    lines = LedgerLine.objects.of(standing.version for standing in standings.values())
    handoffs = [
        Handoff(
            team_id=lead.team_id, lead=lead, assignee_id=choice.user_id, assigned_because=choice.because,
            assigned_at=now if choice.user_id else None, waits_for_rep=choice.user_id is None,
            opened_at=now, opened_by=by, **_promise(standings[lead.pk], lines),
        )
        for lead, choice in zip(leads, choices, strict=True)
    ]  # fmt: skip
    for handoff in handoffs:
        promises.give(handoff)
    return handoffs


def _promise(standing: Standing, lines: dict[int, list[LedgerLine]]) -> dict[str, Any]:
    names = ("fit", "engagement", "total", "grade", "label", "version")
    promise = {name: getattr(standing, name) for name in names}
    if standing.version is None:
        return promise | {"reasons": []}
    return promise | {"reasons": top_reasons(standing.points, lines[standing.version]), "points": standing.points}


@retried
def accept(handoff: Handoff, *, by: User, comment: str = "") -> Feedback:
    """`by` takes the lead and owns it from now on."""
    with attributed(by=by, origin=ORIGIN):
        _decide(handoff, HandoffState.ACCEPTED, by, assignee=by)
        _move_lead(handoff, stage=Stage.ACCEPTED, owner=by)
        return Feedback.objects.create(handoff=handoff, verdict=Feedback.ACCEPTED, by=by, comment=comment)


@retried
def reject(handoff: Handoff, *, by: User, reason: RejectionReason, comment: str = "", misled_by: str = "") -> Feedback:
    """Sales does not want the lead, and says why. It is not offered again for QUIET_DAYS days."""
    if not reason.active:
        raise ValidationError({"reason": f"“{reason}” is no longer in use."})
    with attributed(by=by, origin=ORIGIN):
        until = today() + timedelta(days=QUIET_DAYS)
        _decide(handoff, HandoffState.REJECTED, by)
        _move_lead(handoff, stage=Stage.REJECTED, resting_until=until)
        nurture.after_answer(handoff, str(reason), until)
        return Feedback.objects.create(
            handoff=handoff, verdict=Feedback.REJECTED, by=by, reason=reason, comment=comment, misled_by=misled_by
        )


@retried
def recycle(handoff: Handoff, *, by: User, until: date, comment: str = "") -> Feedback:
    """A good lead at the wrong time: it rests until that day."""
    if until <= today():
        raise ValidationError({"until": "Choose a day after today."})
    with attributed(by=by, origin=ORIGIN):
        _decide(handoff, HandoffState.RECYCLED, by)
        _move_lead(handoff, stage=Stage.RESTING, resting_until=until)
        nurture.after_answer(handoff, "Recycled", until)
        return Feedback.objects.create(handoff=handoff, verdict=Feedback.RECYCLED, by=by, comment=comment)


def expire(handoff: Handoff) -> None:
    """Nobody answered in time, and the team lets such leads go: it rests like a rejected one, and nobody is blamed."""
    with attributed(origin=ORIGIN):
        until = today() + timedelta(days=QUIET_DAYS)
        _decide(handoff, HandoffState.EXPIRED, None)
        _move_lead(handoff, stage=Stage.NURTURE, resting_until=until)
        nurture.after_answer(handoff, "Nobody answered in time", until)


@retried
def withdraw(handoff: Handoff, *, by: User) -> Handoff:
    """Take an answer back, within REGRET: the handoff is open again as it was, and so is the lead.

    Raises ValidationError when it is too late, or when somebody has gone on from the answer meanwhile.
    """
    with attributed(by=by, origin=ORIGIN):
        lead = hold_lead(handoff)
        handoff = Handoff.objects.select_for_update(no_key=True, of=("self",)).select_related("team").get(pk=handoff.pk)
        if handoff.decided_at is None or not may_withdraw(handoff, by):
            raise ValidationError("This answer can no longer be taken back.")
        before = handoff.before
        if lead.stage != LEADS_TO[handoff.state] or Handoff.objects.open().filter(lead=lead).exists():
            raise ValidationError(f"{lead} has moved on since: the answer stays.")
        _move_lead(handoff, stage=before["stage"], resting_until=before["resting_until"], owner_id=before["owner"])
        nurtured = NurtureMember.objects.filter(lead=lead, since__gte=handoff.decided_at)
        nurture.leave(nurtured, "the answer was taken back")
        handoff.feedback.filter(created_at__gte=handoff.decided_at).delete()
        handoff.steps.filter(outcome=ANSWERED).update(done_at=None, outcome="")
        undone = {"state": HandoffState.OPEN, "decided_at": None, "decided_by": None, "hours_taken": None}
        _set(handoff, before={}, assignee_id=before["assignee"], **undone)
    return handoff


def may_withdraw(handoff: Handoff, user: User) -> bool:
    """Who answered may take it back for REGRET; a manager of the team too."""
    fresh = handoff.decided_at is not None and timezone.now() - handoff.decided_at < REGRET
    own = handoff.decided_by_id == user.pk or user.has_perm("leads.release_handoff", handoff)
    return fresh and bool(handoff.before) and own and may_decide(handoff, user)


def colleagues(handoff: Handoff) -> Any:
    """Who may work the lead: the active reps and managers of its team, by name."""
    members = Membership.objects.filter(team=handoff.team_id, role__in=(Role.REP, Role.MANAGER))
    return User.objects.filter(is_active=True, pk__in=members.values("user"))


def decides_in(user: User) -> list[int]:
    """The teams whose handoffs this person answers, as rep, manager or admin; everybody else looks on."""
    return teams_with(user, "leads.add_feedback")


def may_decide(handoff: Handoff, user: User) -> bool:
    return user.has_perm("leads.add_feedback", handoff)


def offers_in(user: User) -> list[int]:
    """The teams whose leads this person hands off by hand, as marketing, manager or admin."""
    return teams_with(user, "leads.add_handoff")


def _decide(handoff: Handoff, state: HandoffState, by: User | None, **changes: Any) -> None:
    lead, now = hold_lead(handoff), timezone.now()
    before = {"stage": lead.stage, "owner": lead.owner_id, "assignee": handoff.assignee_id,
              "resting_until": lead.resting_until and str(lead.resting_until)}  # fmt: skip
    taken = worktime.of(handoff.team).between(handoff.opened_at, now) / HOUR
    win(handoff, state=state, decided_at=now, decided_by=by, hours_taken=taken, before=before, **changes)


def hold(lead_id: int) -> Lead:
    """The lead, or the one it was merged into, locked until the transaction ends: answers come one after another."""
    return lock_current([lead_id])[lead_id]


def hold_lead(handoff: Handoff) -> Lead:
    """The same of a handoff, which may have come to another lead since it was read."""
    while True:
        lead = hold(handoff.lead_id)
        handoff.lead_id = Handoff.objects.values_list("lead_id", flat=True).get(pk=handoff.pk)
        if handoff.lead_id == lead.pk:
            return lead


def win(handoff: Handoff, **changes: Any) -> None:
    """Change the handoff if it is still open, or raise AlreadyDecided."""
    if not Handoff.objects.filter(_still_open(), pk=handoff.pk).update(**changes):
        raise AlreadyDecided(Handoff.objects.select_related("decided_by").get(pk=handoff.pk))
    for name, value in changes.items():
        setattr(handoff, name, value)


def _set(handoff: Handoff, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(handoff, name, value)
    handoff.save(update_fields=[name.removesuffix("_id") for name in changes])


def _still_open() -> Q:
    return Q(state=HandoffState.OPEN)


def _move_lead(handoff: Handoff, **changes: Any) -> None:
    Lead.objects.filter(pk=handoff.lead_id).update(**changes)
