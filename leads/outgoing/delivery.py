"""Taking the outbox out: one effect after the other, each lane by itself.

An effect is claimed by a lease: its own due time and that of its lane move ahead, and `attempts` is raised, before the
work begins. A worker that dies leaves a row that is due again; one that was merely slow finds that `attempts` has moved
on and writes nothing. Nothing is open in the database while the world outside is spoken to.
"""

import logging
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from leads.models import Attempt, Effect, Lane
from leads.models.outbox import EffectQuerySet
from leads.outgoing.endpoints import given_up
from leads.outgoing.mailing import send_mail
from leads.outgoing.outcomes import Arrived, Failed
from leads.outgoing.slack import send_slack
from leads.outgoing.webhooks import PLAN, send_webhook
from leads.retry import retried

logger = logging.getLogger(__name__)

SLICE = 20.0  # seconds a task may take before it lets others on
LEASE = timedelta(seconds=30)  # more than any attempt takes (leads/outgoing/client.py: 15 s in all)
MOST_ATTEMPTS = 16
ATTEMPTS_OF = {"webhook": len(PLAN) + 1}
MOST_DEATHS = 5
KEPT = timedelta(days=90)  # how long what was delivered is remembered, and with it that it was
FIRST_WAIT, LONGEST_WAIT = 20.0, 6 * 3600.0  # seconds between attempts, before the jitter
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0  # seconds a lane rests after failures in a row


Handler = Callable[[Effect], Arrived | None]

# Who brings out which kind. A handler raises Failed; it may be called again for an effect that arrived already.
HANDLERS: dict[str, Handler] = {"mail": send_mail, "webhook": send_webhook, "slack": send_slack}


def deliver_due(seconds: float = SLICE) -> int:
    """Bring out what is due, for at most so long. How many attempts were made."""
    until, made = time.monotonic() + seconds, 0
    while time.monotonic() < until and (effect := claim()):
        work(effect)
        made += 1
    return made


def is_due() -> bool:
    """Whether something could be taken out now."""
    return _free_lanes(timezone.now()).exists()


@retried
@transaction.atomic
def claim() -> Effect | None:
    """The next effect, ours until the lease runs out; of the lane that waits longest. None: nothing is due.

    The lane is locked first, so the statement after it sees what the one who held it before has done.
    """
    now = timezone.now()
    for _ in range(3):  # a lane may have been emptied between the two statements
        lane = _free_lanes(now).select_for_update(skip_locked=True).order_by("free_at").first()
        if lane is None:
            return None
        effect = _due(now).filter(lane=lane.name).order_by("due_at", "pk").first()
        if effect is not None:
            break
    else:
        return None
    Lane.objects.filter(pk=lane.pk).update(free_at=now + LEASE)
    effect.deaths += effect.begun_at is not None
    effect.attempts, effect.begun_at, effect.due_at = effect.attempts + 1, now, now + LEASE
    effect.save(update_fields=["attempts", "deaths", "begun_at", "due_at"])
    return effect


def work(effect: Effect) -> None:
    """One attempt, and what came of it."""
    begun = time.monotonic()
    try:
        if effect.deaths >= MOST_DEATHS:
            raise Failed(f"It ended its worker {effect.deaths} times and is set aside.", permanent=True)
        answer = HANDLERS[effect.kind](effect) or Arrived()
    except Failed as failed:
        _settle(effect, begun, failed)
    except Exception as error:  # one effect that nobody can deliver holds up no other
        logger.exception("%s %s could not be delivered", effect.kind, effect.pk)
        _settle(effect, begun, Failed(f"{type(error).__name__}: an error of ours; the log has it."))
    else:
        _settle(effect, begun, answer)


@retried
@transaction.atomic
def _settle(effect: Effect, begun: float, came: Arrived | Failed) -> None:
    """Write down what came of our attempt, unless another has taken over."""
    now, failed = timezone.now(), came if isinstance(came, Failed) else None
    values: dict[str, Any] = {"begun_at": None, "error": str(came)[:500] if failed else ""}
    if failed is None:
        values |= {"state": Effect.DONE, "ended_at": now}
    elif failed.permanent or effect.attempts >= ATTEMPTS_OF.get(effect.kind, MOST_ATTEMPTS):
        values |= {"state": Effect.DEAD, "ended_at": now}
    else:
        values |= {"due_at": now + timedelta(seconds=wait_after(effect.attempts, failed.wait))}
    _free(effect.lane, now, failed)
    ours = Effect.objects.waiting().filter(pk=effect.pk, attempts=effect.attempts, begun_at=effect.begun_at)
    if not ours.update(**values):
        return
    text = came.text if isinstance(came, Arrived) else str(came)
    Attempt.objects.create(
        effect=effect, number=effect.attempts, at=now, ok=failed is None, status=came.status,
        milliseconds=round((time.monotonic() - begun) * 1000), text=text.replace("\0", "")[:500],
    )  # fmt: skip
    if failed is not None and values.get("state") == Effect.DEAD:
        given_up(effect, text)


def _free(lane: str, now: datetime, failed: Failed | None) -> None:
    """Let the next one on; after a failure of the lane itself only after a pause, longer each time.

    When a lane works again, what it had kept back is due at once.
    """
    row = Lane.objects.select_for_update().get(pk=lane)
    if failed is not None and failed.of_the_lane:
        pause = max(failed.pause or 0, min(FIRST_PAUSE * 2 ** min(row.failures, 20), LONGEST_PAUSE))
        row.free_at, row.failures = now + timedelta(seconds=pause), row.failures + 1
    else:
        if row.failures:
            kept = Effect.objects.waiting().filter(lane=lane, attempts__gt=0, begun_at=None, due_at__gt=now)
            kept.update(due_at=now)
        row.free_at, row.failures = now, 0
    row.save()


def wait_after(attempts: int, plan: float | None = None) -> float:
    """Seconds until the next attempt, where there is no plan: anywhere in a time that doubles (full jitter)."""
    longest = min(FIRST_WAIT * 2 ** min(attempts - 1, 20), LONGEST_WAIT)
    return max(1.0, random.uniform(0, longest) if plan is None else plan)  # noqa: S311 it only spreads them


def _due(now: datetime) -> EffectQuerySet:
    return Effect.objects.waiting().filter(due_at__lte=now)


def _free_lanes(now: datetime) -> QuerySet[Lane]:
    return Lane.objects.filter(Exists(_due(now).filter(lane=OuterRef("name"))), free_at__lte=now)


def again(effects: EffectQuerySet) -> int:
    """Bring out once more what was given up or delivered, from the start and under the same id. How many."""
    now = timezone.now()
    ended = effects.exclude(state=Effect.WAITING)
    lanes = list(ended.order_by().values_list("lane", flat=True).distinct())
    count = ended.order_by().update(
        state=Effect.WAITING, attempts=0, deaths=0, begun_at=None, due_at=now, ended_at=None, error=""
    )
    Lane.objects.filter(name__in=lanes, failures__gt=0).update(free_at=now)
    return count


def prune(kept: timedelta = KEPT) -> int:
    """Forget what was delivered long ago. What was given up stays until somebody looks."""
    return Effect.objects.filter(state=Effect.DONE, ended_at__lt=timezone.now() - kept).delete()[0]
