"""THE way out: a lead is offered to sales, and sales answers.

    open_handoffs → accept | reject | recycle, and reassign while it is open

Of two people who answer at once exactly one wins; the other gets AlreadyDecided. Locks are taken in the order pool →
leads by id → handoff. A changed lead locks its standing, so call these while holding no lock on standings.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone

from leads import sla
from leads.access import teams_with
from leads.assignment import Choice, Pool
from leads.enums import HandoffState, Role, Stage
from leads.history import attributed
from leads.models import (
    Feedback,
    Handoff,
    Lead,
    LedgerLine,
    Membership,
    RejectionReason,
    Standing,
    User,
    top_reasons,
)

ORIGIN = "handoff"
# Sales has these already.
TAKEN = (Stage.ACCEPTED, Stage.OPPORTUNITY, Stage.CUSTOMER)
# A rejected lead does not come straight back.
QUIET_DAYS = 30


class AlreadyDecided(Exception):
    """Somebody else was faster: `state` says how, `by` who (None: nobody, it expired) and `at` when."""

    def __init__(self, handoff: Handoff) -> None:
        self.state, self.by, self.at = handoff.state, handoff.decided_by, handoff.decided_at
        super().__init__(self._sentence(handoff.get_state_display().lower()))

    def _sentence(self, state: str) -> str:
        who = f" by {self.by}" if self.by else ""
        when = f" on {timezone.localtime(self.at):%-d %b at %H:%M}" if self.at else ""
        return f"Already {state}{who}{when}."


def open_handoffs(lead_ids: Iterable[int], *, by: User | None = None) -> list[Handoff]:
    """Offer these leads to sales, with the score and reasons of now as the promise. `by` None: by rule.

    Leads that sales has, that are resting or that wait for an answer already are left out of what is returned.
    """
    lead_ids = set(lead_ids)
    with attributed(by=by, origin=ORIGIN):
        pool = Pool.locked(set(Lead.objects.filter(pk__in=lead_ids).values_list("team_id", flat=True)))
        leads = _ready(lead_ids)
        handoffs = _offers(leads, pool.choose(leads), by)
        Handoff.objects.bulk_create(handoffs)
        Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(stage=Stage.HANDED_OFF, resting_until=None)
    return handoffs


def ready(lead: Lead) -> bool:
    """Whether the lead may be offered, if it does not wait for an answer already."""
    return lead.stage not in TAKEN and not (lead.resting_until and lead.resting_until > _today())


def _ready(lead_ids: set[int]) -> list[Lead]:
    locked = Lead.objects.filter(pk__in=lead_ids).order_by("pk").select_for_update(no_key=True)
    leads = [lead for lead in locked if ready(lead)]
    # Asked after the lock, in a statement of its own: the one above cannot see what it waited for.
    waiting = set(Handoff.objects.open().filter(lead__in=leads).values_list("lead_id", flat=True))
    return [lead for lead in leads if lead.pk not in waiting]


def _offers(leads: list[Lead], choices: list[Choice], by: User | None) -> list[Handoff]:
    now = timezone.now()
    standings = Standing.objects.in_bulk([lead.pk for lead in leads])
    lines = LedgerLine.objects.of(standing.version for standing in standings.values())
    return [
        Handoff(
            team_id=lead.team_id, lead=lead, assignee_id=choice.user_id, assigned_because=choice.because,
            opened_at=now, opened_by=by, due_at=sla.due_at(standings[lead.pk].label, now),
            **_promise(standings[lead.pk], lines),
        )
        for lead, choice in zip(leads, choices, strict=True)
    ]  # fmt: skip


def _promise(standing: Standing, lines: dict[int, list[LedgerLine]]) -> dict[str, Any]:
    reasons = top_reasons(standing.points, lines[standing.version]) if standing.version else []
    names = ("fit", "engagement", "total", "grade", "label", "version")
    return {name: getattr(standing, name) for name in names} | {"reasons": reasons}


def accept(handoff: Handoff, *, by: User, comment: str = "") -> Feedback:
    """`by` takes the lead and owns it from now on."""
    with attributed(by=by, origin=ORIGIN):
        _decide(handoff, HandoffState.ACCEPTED, by, assignee=by)
        _move_lead(handoff, stage=Stage.ACCEPTED, owner=by)
        return Feedback.objects.create(handoff=handoff, verdict=Feedback.ACCEPTED, by=by, comment=comment)


def reject(handoff: Handoff, *, by: User, reason: RejectionReason, comment: str = "", misled_by: str = "") -> Feedback:
    """Sales does not want the lead, and says why. It is not offered again for QUIET_DAYS days."""
    if not reason.active:
        raise ValidationError({"reason": f"“{reason}” is no longer in use."})
    with attributed(by=by, origin=ORIGIN):
        _decide(handoff, HandoffState.REJECTED, by)
        _move_lead(handoff, stage=Stage.REJECTED, resting_until=_today() + timedelta(days=QUIET_DAYS))
        return Feedback.objects.create(
            handoff=handoff, verdict=Feedback.REJECTED, by=by, reason=reason, comment=comment, misled_by=misled_by
        )


def recycle(handoff: Handoff, *, by: User, until: date, comment: str = "") -> Feedback:
    """A good lead at the wrong time: it rests until that day."""
    if until <= _today():
        raise ValidationError({"until": "Choose a day after today."})
    with attributed(by=by, origin=ORIGIN):
        _decide(handoff, HandoffState.RECYCLED, by)
        _move_lead(handoff, stage=Stage.RESTING, resting_until=until)
        return Feedback.objects.create(handoff=handoff, verdict=Feedback.RECYCLED, by=by, comment=comment)


def reassign(handoff: Handoff, *, by: User, to: User) -> Handoff:
    """Pass an open handoff to a colleague of the team. The clock runs on."""
    if to not in colleagues(handoff):
        raise ValidationError({"to": f"{to} does not work leads in {handoff.team}."})
    with attributed(by=by, origin=ORIGIN):
        _lock_lead(handoff)
        _win(handoff, assignee=to, assigned_because=f"passed on by {by}"[:150])
    return handoff


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


def _decide(handoff: Handoff, state: HandoffState, by: User, **changes: Any) -> None:
    _lock_lead(handoff)
    _win(handoff, state=state, decided_at=timezone.now(), decided_by=by, **changes)


def _lock_lead(handoff: Handoff) -> None:
    Lead.objects.select_for_update(no_key=True).filter(pk=handoff.lead_id).values_list("pk").first()


def _win(handoff: Handoff, **changes: Any) -> None:
    """Change the handoff if it is still open, or raise AlreadyDecided."""
    if not Handoff.objects.filter(_still_open(), pk=handoff.pk).update(**changes):
        raise AlreadyDecided(Handoff.objects.select_related("decided_by").get(pk=handoff.pk))
    for name, value in changes.items():
        setattr(handoff, name, value)


def _still_open() -> Q:
    return Q(state=HandoffState.OPEN)


def _move_lead(handoff: Handoff, **changes: Any) -> None:
    Lead.objects.filter(pk=handoff.lead_id).update(**changes)


def _today() -> date:
    return timezone.localdate()
