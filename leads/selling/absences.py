"""Days off: who is away is given no leads."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from leads.access import teams_with
from leads.models import Absence, Membership, User
from leads.retry import retried


@retried
def set_absence(user: User, *, first: date, last: date, by: User, note: str = "") -> Absence:
    """`user` is away on these days, both included. Once this returns, nobody gives them a lead on them."""
    if last < first:
        raise ValidationError({"last": "The last day must not come before the first."})
    with transaction.atomic():
        Membership.objects.filter(user=user).hold()
        return Absence.objects.create(user=user, first=first, last=last, by=by, note=note)


@retried
def end_absence(absence: Absence) -> None:
    """They are back, or never went."""
    with transaction.atomic():
        Membership.objects.filter(user=absence.user_id).hold()
        Absence.objects.filter(pk=absence.pk).delete()


def people_of(user: User) -> QuerySet[User]:
    """Whose absence this person may set: their own, and, as manager or admin, that of the people of their teams."""
    teams = teams_with(user, "leads.change_absence")
    members = Membership.objects.filter(team__in=teams).values("user")
    return User.objects.filter(is_active=True, pk__in=members) | User.objects.filter(pk=user.pk)


def may_set(user: Any, person: User) -> bool:
    return people_of(user).filter(pk=person.pk).exists()
