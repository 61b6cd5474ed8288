"""An open handoff changes hands or waits: to a colleague, to the team, to later. Its clock runs on."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from leads.history import attributed
from leads.models import Handoff, Membership, User
from leads.retry import retried
from leads.selling import handoffs


@retried
def reassign(handoff: Handoff, *, by: User, to: User) -> Handoff:
    """Pass an open handoff to a colleague of the team. The clock runs on."""
    with transaction.atomic():
        # Nobody is given a lead while they leave, and their week is counted right.
        Membership.objects.filter(team=handoff.team_id, user=to).hold()
        if not handoffs.colleagues(handoff).filter(pk=to.pk).exists():
            raise ValidationError({"to": f"{to} does not work leads in {handoff.team}."})
        give(handoff, to.pk, f"passed on by {by}", by=by)
    return handoff


def give(handoff: Handoff, user_id: int | None, because: str, *, by: User | None = None) -> None:
    """Set whom an open handoff waits for (None: the team). Nothing else changes."""
    with attributed(by=by, origin=handoffs.ORIGIN):
        handoffs.hold_lead(handoff)
        at = timezone.now() if user_id else None
        handoffs.win(handoff, assignee_id=user_id, assigned_because=because[:150], assigned_at=at, waits_for_rep=False)


@retried
def release(handoff: Handoff, *, by: User) -> Handoff:
    """A manager puts it back into the queue of the team, where whoever accepts first has it. The clock runs on."""
    give(handoff, None, f"released by {by}", by=by)
    return handoff


@retried
def snooze(handoff: Handoff, *, by: User, until: datetime) -> Handoff:
    """Put it off: out of the queue until that moment, then back by itself. The clock runs on."""
    if until <= timezone.now():
        raise ValidationError({"until": "Choose a moment in the future."})
    with attributed(by=by, origin=handoffs.ORIGIN):
        handoffs.hold_lead(handoff)
        handoffs.win(handoff, snoozed_until=until)
    return handoff
