"""What follows from crossings: they are rows, and are done here, each once."""

from collections.abc import Sequence
from itertools import groupby

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import transaction
from django.utils import timezone

from leads.enums import CrossingState
from leads.models import Crossing, Rule
from leads.retry import retried
from leads.rules import actions

PAGE = 200
# Trying again will not help: what the action names is gone, or was given wrong.
PERMANENT = (ObjectDoesNotExist, ValidationError, ValueError, TypeError, LookupError)


def act() -> int:
    """Do what the crossings call for that wait for it. Returns how many were done."""
    done = 0
    while True:
        acted = _act_on_page()
        done += acted
        if acted < PAGE:
            return done


@retried
@transaction.atomic
def _act_on_page() -> int:
    """Held, acted for and marked in one transaction: killed anywhere, nothing has happened and all is still due."""
    due = Crossing.objects.filter(state=CrossingState.DUE).order_by("pk")
    held = list(due.select_for_update(skip_locked=True, of=("self",), no_key=True).values_list("pk", flat=True)[:PAGE])
    if held:
        perform(held)
    return len(held)


def perform(ids: Sequence[int], **decided: object) -> None:
    """Run the rules of these crossings, which the caller holds, and mark them as done."""
    crossings = Crossing.objects.filter(pk__in=ids, rule__isnull=False).order_by("rule", "pk")
    crossings = crossings.select_related("rule__segment", "lead__company", "lead__standing", "lead__team")
    for rule, rows in groupby(crossings, key=lambda crossing: crossing.rule):
        if rule is not None:
            _run(rule, list(rows))
    Crossing.objects.filter(pk__in=ids).update(state=CrossingState.DONE, decided_at=timezone.now(), **decided)


def _run(rule: Rule, crossings: list[Crossing]) -> None:
    """An action that cannot be done is noted and stops no other rule."""
    try:
        with transaction.atomic():
            actions.run(rule, crossings)
    except PERMANENT as error:
        problem = str(error)[:300] or type(error).__name__
        Crossing.objects.filter(pk__in=[crossing.pk for crossing in crossings]).update(problem=problem)
