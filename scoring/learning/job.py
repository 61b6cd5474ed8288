"""Learning as a job: a row says what is asked, a worker does it with progress; it ends with a card or a refusal.

ask() → run(): past leads as they stood, page by page → every size of card → the live version beside it → the result. A
worker that dies leaves it to the next, who begins again: the same leads and seed give the same card. stop() is seen at
the next page, split or merger.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from leads.conditions.grammar import parse
from leads.conditions.vocabulary import Vocabulary
from leads.retry import retried
from scoring.learning import refresh
from scoring.learning.draft import model_file
from scoring.learning.learn import learn
from scoring.learning.pastleads import past_leads
from scoring.learning.result import result_of
from scoring.models import Learning, LearningState, Version
from scoring.publishing import UNSCORABLE
from scoring.sample import Question, sample

logger = logging.getLogger(__name__)
LEASE = timedelta(minutes=2)  # longer than anything between two signs of life
TRIES = 3
READING, FITTING, COMPARING = "past leads as they stood", "sizes of card", "comparing with the live version"


class Unwanted(Exception):
    """Somebody stopped it."""


class Busy(ValidationError):
    """One card is being learned already."""


@retried
def ask(
    question: Question, *, by: Any, audience: Any = None, budget: int | None = None, seed: int = 0,
    keep: Collection[str] = (), origin: str = Learning.ASKED,
) -> Learning:  # fmt: skip
    """Have a worker learn from the leads of now. Raises Busy, and ConditionError for an audience nobody can ask."""
    if audience is not None:
        Vocabulary.load().check(parse(audience))
    live = Version.objects.live().select_related("model")
    beside = next((one for one in live if one.definition["audience"] == audience), live.first())
    try:
        with transaction.atomic():
            return Learning.objects.create(
                question=asdict(question), audience=audience, live=beside, budget=budget, seed=seed,
                keep=sorted(set(keep)), by=by, origin=origin,
            )  # fmt: skip
    except IntegrityError as error:
        if "one_learning_at_a_time" not in str(error):
            raise
        raise Busy("One card is being learned already. Wait for it, or stop it.") from None


def ask_due() -> Learning | None:
    """What is due by itself: monthly, or on drift."""
    with transaction.atomic():
        turn = refresh.take_turn()
        if turn is None:
            return None
        row, why = turn
        return ask(Question(**row.question), by=None, budget=row.budget, origin=why)


def stop(learning: Learning) -> bool:
    """Nothing comes of it. False: it had ended already."""
    ended = {"state": LearningState.STOPPED, "finished_at": timezone.now(), "leased_until": None}
    return bool(Learning.objects.filter(pk=learning.pk, finished_at__isnull=True).update(**ended))


def waiting() -> Any:
    """Those nobody works on now."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=Now())
    return Learning.objects.filter(free, finished_at__isnull=True).select_related("live__model", "by")


def run(learning: Learning) -> bool:
    """Learn it from the start, if nobody else does. False: somebody does, or it was stopped."""
    held = {"leased_until": Now() + LEASE, "attempts": F("attempts") + 1, "state": LearningState.RUNNING}
    if not waiting().filter(pk=learning.pk).update(**held):
        return False
    learning = Learning.objects.select_related("live__model", "by").get(pk=learning.pk)
    try:
        if learning.attempts > TRIES:
            _end(learning, state=LearningState.FAILED, problem=f"The worker ended {TRIES} times before it was done.")
            return False
        _learn(learning)
    except Unwanted:
        return False
    except (*UNSCORABLE, MemoryError) as error:
        logger.exception("%s failed", learning)
        _end(learning, state=LearningState.FAILED, problem=str(error) or type(error).__name__)
        return False
    return True


def _learn(learning: Learning) -> None:
    question = Question(**learning.question)
    found = sample(question, learning.asked_at)
    past = past_leads(found, audience=learning.audience, keep=learning.keep, progress=_telling(learning, READING))
    learned = learn(past.table, budget=learning.budget, keep=[*learning.keep, *past.dated], seed=learning.seed,
                    progress=_telling(learning, FITTING))  # fmt: skip
    _tell(learning, stage=COMPARING, done=0, total=1)
    result = result_of(learned, past, found, question, learning.live)
    if learned.card is None:
        _end(learning, state=LearningState.REFUSED, result=result)
        return
    file = model_file(learned.card, past, name=f"Learned {timezone.localtime(learning.asked_at):%d %b %Y}")
    _end(learning, state=LearningState.DONE, result=result, file=file | {"audience": learning.audience})


def _telling(learning: Learning, stage: str) -> Callable[[int, int], None]:
    return lambda done, total: _tell(learning, stage=stage, done=done, total=total)


EVERY = timedelta(seconds=1)  # so often at most is the row written


def _tell(learning: Learning, *, stage: str, done: int, total: int) -> None:
    """How far it is, with the lease renewed. Raises Unwanted where it was stopped."""
    told, now = getattr(learning, "told_at", None), timezone.now()
    if stage == learning.stage and told and now - told < EVERY:
        return
    learning.stage, learning.told_at = stage, now  # type: ignore[attr-defined]
    values = {"stage": stage, "done": done, "total": total, "leased_until": Now() + LEASE}
    if not _ours(learning).update(**values):
        raise Unwanted


@transaction.atomic
def _end(learning: Learning, *, state: str, **values: Any) -> None:
    """What it says from now on. What was due by itself becomes a draft and a notice, in the same breath."""
    ended = values | {"state": state, "stage": "", "finished_at": timezone.now(), "leased_until": None}
    if not _ours(learning).update(**ended):
        raise Unwanted
    if learning.origin != Learning.ASKED and state == LearningState.DONE:
        refresh.announce(Learning.objects.select_related("live__model").get(pk=learning.pk))


def _ours(learning: Learning) -> Any:
    """The row, as long as this attempt is the one that counts."""
    return Learning.objects.filter(pk=learning.pk, finished_at__isnull=True, attempts=learning.attempts)
