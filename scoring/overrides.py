"""A person's word over the score's: the label, for a while, with a reason. Points and grade stay as they are."""

from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from leads.days import today
from leads.enums import Label
from leads.models import Standing
from leads.signals import leads_due
from scoring.engine.evaluate import database_clock
from scoring.models import Override

# Nothing that a person set stays for ever.
LONGEST = 366


def set_label(standing: Standing, *, label: str, reason: str, until: date, by: Any) -> Override:
    """From now through the day `until` the lead has this label, and what follows from a label follows from this one.

    Takes the place of what was set before. Seen in the standing seconds later, with cause override in its history.
    Raises ValidationError by field.
    """
    _check(standing, label, reason, until)
    with transaction.atomic():
        _hold(standing)
        now = database_clock()
        Override.objects.filter(lead=standing.pk, ended_at=None).update(ended_at=now, ended_by=by)
        made = Override.objects.create(
            lead_id=standing.pk, label=label, reason=reason.strip(), until=until, by=by, made_at=now
        )
        leads_due.send(sender=Override)
    return made


def withdraw(standing: Standing, *, by: Any) -> bool:
    """The label follows from the score again. Returns whether there was anything to end."""
    with transaction.atomic():
        _hold(standing)
        now = database_clock()
        ended = Override.objects.at(now).filter(lead=standing.pk).update(ended_at=now, ended_by=by)
        if ended:
            leads_due.send(sender=Override)
    return bool(ended)


def override_of(lead: int) -> Override | None:
    """What a person set for the lead and what holds today."""
    return Override.objects.at(timezone.now()).filter(lead=lead, ended_at=None).select_related("by").first()


def _hold(standing: Standing) -> None:
    """One person at a time sets the label of a lead; the last word counts."""
    Standing.objects.select_for_update(no_key=True).filter(pk=standing.pk).values_list("pk").first()


def _check(standing: Standing, label: str, reason: str, until: date) -> None:
    errors, day = {}, today()
    if standing.version is None:
        raise ValidationError("This lead is not scored, so there is no label to set another one over.")
    if label not in Label.values:
        errors["label"] = f"Choose one of: {', '.join(Label.values)}."
    if not reason.strip():
        errors["reason"] = "Say why: whoever opens the lead will ask."
    if not day <= until <= day + timedelta(days=LONGEST):
        errors["until"] = f"Choose a day from today on, at most {LONGEST} days ahead."
    if errors:
        raise ValidationError(errors)
