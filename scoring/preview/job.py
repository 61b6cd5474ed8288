"""Counting a preview: a row says what is wanted, workers do it page by page, and it ends with the draft it is about.

start() → run(): every lead by the draft (pages, kept) → past leads as they stood (again from its start when a worker
dies) → the result. A newer start deletes the row, and whoever counts it stops at the next page.
"""

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from leads.models import Standing
from leads.retry import retried
from scoring.backtest import backtest
from scoring.draft import check_draft
from scoring.engine.definition import freeze, load
from scoring.engine.evaluate import database_clock
from scoring.models import Preview, PreviewStage, ScoringModel, Version, VersionState
from scoring.preview.result import result_of
from scoring.preview.scores import DraftScorer, compared_with
from scoring.preview.weekly import hot_per_week
from scoring.publishing import UNSCORABLE
from scoring.sample import Question, answerable

logger = logging.getLogger(__name__)
LEASE = timedelta(minutes=2)


class Unwanted(Exception):
    """Somebody started another count, or the draft is no longer the one that is counted."""


def digest_of(definition: dict[str, Any]) -> str:
    """The same as long as the draft and every live version are."""
    live = list(Version.objects.live().values_list("pk", flat=True))
    return hashlib.sha256(json.dumps([definition, live], sort_keys=True).encode()).hexdigest()


def current(preview: Preview) -> bool:
    """Whether it is about the draft as it is now, and about what is live now."""
    return preview.digest == digest_of(freeze(preview.model))


@retried
@transaction.atomic
def start(model: ScoringModel, *, by: Any, question: Question | None = None) -> Preview:
    """Count the draft as it stands, from the facts of now. A count of it that runs is given up.

    Raises ValidationError naming every criterion that cannot be scored.
    """
    draft = ScoringModel.objects.select_for_update().get(pk=model.pk)
    check_draft(draft)
    Preview.objects.filter(model=draft, finished_at__isnull=True).delete()
    definition = freeze(draft)
    return Preview.objects.create(
        model=draft, by=by, definition=definition, digest=digest_of(definition),
        question=asdict(question or Question()),
        live=draft.versions.filter(state=VersionState.LIVE).values_list("pk", flat=True).first(),
        leads=Standing.objects.count(), facts_at=database_clock(),
    )  # fmt: skip


def waiting() -> Any:
    """The previews nobody counts now."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=Now())
    return Preview.objects.filter(free, finished_at__isnull=True).select_related("model")


def run(preview: Preview, enough: Callable[[], bool] = lambda: False) -> bool:
    """Count it, if nobody else does, until it is done or `enough`. Returns whether there is more to do."""
    if not waiting().filter(pk=preview.pk).update(leased_until=Now() + LEASE):
        return False
    preview.refresh_from_db()
    try:
        if preview.stage == PreviewStage.LEADS and _count_leads(preview, enough):
            _tell(preview, leased_until=None)
            return True
        _count_past(preview)
    except Unwanted:
        Preview.objects.filter(pk=preview.pk, finished_at__isnull=True).delete()
    except UNSCORABLE as error:
        logger.exception("%s cannot be counted", preview)
        _end(preview, stage=PreviewStage.FAILED, problem=str(error))
    return False


def _count_leads(preview: Preview, enough: Callable[[], bool]) -> bool:
    """Pages of leads by the draft. Returns whether there are more."""
    scorer = DraftScorer(preview)
    while page := scorer.next_page():
        _still_wanted(preview)
        scorer.count(page)
        if enough():
            return True
    return False


def _count_past(preview: Preview) -> None:
    _tell(preview, stage=PreviewStage.PAST, done=0, leads=0)
    definitions = [load(preview.definition)]
    if live := compared_with(preview):
        definitions.insert(0, load(live.definition))

    def progress(done: int, total: int) -> None:
        _still_wanted(preview)
        _tell(preview, done=done, leads=total)

    proven = backtest(definitions, Question(**preview.question), preview.facts_at, progress=progress)
    weekly = hot_per_week(definitions, preview.facts_at, progress=lambda: progress(preview.done, preview.leads))
    result = result_of(preview, definitions, proven, weekly)
    if proven.missing and (instead := answerable(preview.facts_at)):
        result["backtest"]["instead"] = asdict(instead[0]) | {"n": len(instead[1].moments), "won": instead[1].wins}
    _end(preview, stage=PreviewStage.DONE, result=result)


def _still_wanted(preview: Preview) -> None:
    if not current(preview):
        raise Unwanted


def _tell(preview: Preview, **values: Any) -> None:
    """How far it is, with the lease renewed. Raises Unwanted where the row is gone."""
    for name, value in values.items():
        setattr(preview, name, value)
    found = Preview.objects.filter(pk=preview.pk, finished_at__isnull=True)
    if not found.update(**{"leased_until": Now() + LEASE} | values):
        raise Unwanted


@transaction.atomic
def _end(preview: Preview, **values: Any) -> None:
    """What it says from now on; older counts of the model are gone."""
    _tell(preview, **values, done=F("leads"), finished_at=timezone.now())
    Preview.objects.filter(model=preview.model_id, pk__lt=preview.pk).delete()
