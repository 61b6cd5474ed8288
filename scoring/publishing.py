"""Draft → published → retired. Readers see the old version or the new one, never a mixture.

publish() freezes the draft and cuts all leads into pages; run() scores the pages beside the present standings, as many
workers as like at once; the last one switches every standing in one transaction. What cannot be scored is abandoned.
"""

import logging
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, NotSupportedError, ProgrammingError, connection, transaction
from django.db.models import Sum
from django.utils import timezone

from leads.models import Standing
from leads.retry import retried
from leads.rules.passes import rules_changed
from scoring.approvals import check_approved, check_something_new, digest_of
from scoring.draft import check_draft
from scoring.engine.definition import freeze
from scoring.engine.evaluate import COLUMNS, compiled_for, database_clock, evaluate
from scoring.engine.ledger import ROOM, switch
from scoring.engine.others import forget_others, keep_others, switch_others
from scoring.experiments.ending import end_promoted, keep_scores
from scoring.freezing import check_no_experiment, freeze_version, held_draft, hold_standings
from scoring.models import Publication, PublicationPage, ScoringModel, Version, VersionState
from scoring.revisions import keep

logger = logging.getLogger(__name__)

LEAST, PAGE = 2_000, 10_000
# Trying again will not help: a condition asks for what is gone, or a definition says what SQL cannot.
UNSCORABLE = (ValueError, LookupError, TypeError, DataError, ProgrammingError, NotSupportedError)


class PublicationRunning(ValidationError):
    """Another version is being scored; only one at a time can become live."""


@retried
def publish(model: ScoringModel, *, by: Any, note: str = "", published_at: Any = None, digest: str = "") -> Publication:
    """Freeze the draft as the model's next version and start scoring it. It is live when every lead has been scored.

    `note`: what is new, and why; people and programs have to give one. With `digest` only that very draft. Raises
    ValidationError naming every criterion that cannot be scored, NothingNew where the draft is what is live,
    PublicationRunning, ExperimentRunning, or ApprovalMissing where the company wants four eyes.
    """
    with transaction.atomic():
        draft = held_draft(model)
        if digest and digest != digest_of(draft):
            raise ValidationError("The draft has changed meanwhile. Look at it again, then publish it.")
        check_something_new(draft)
        check_no_experiment(draft)
        check_approved(draft, by=by)
        check_draft(draft)
        keep(draft)
        version = freeze_version(
            draft, freeze(draft), position=draft.position, note=note, published_by=by,
            published_at=published_at or timezone.now(),
        )  # fmt: skip
        return _start(version, by)


@retried
def rollback(version: Version, *, by: Any) -> Publication:
    """Make an older version live again, by the same way: scored beside, switched at once."""
    with transaction.atomic():
        check_no_experiment(held_draft(version.model))
        moved = Version.objects.filter(pk=version.pk, state=VersionState.RETIRED).update(state=VersionState.SCORING)
        if not moved:
            raise ValidationError(f"Version {version.number} is not retired, so there is nothing to go back to.")
        return _start(version, by)


@retried
def promote(version: Version, *, by: Any, note: str = "") -> Publication:
    """Make a version on trial live for every lead, by the same way. Its experiment ends with the switch.

    It goes on until then, and goes on if the publication is abandoned.
    """
    with transaction.atomic():
        held_draft(version.model)
        if not Version.objects.filter(pk=version.pk, state=VersionState.TRIAL).update(note=note or version.note):
            raise ValidationError(f"Version {version.number} is not on trial any more.")
        return _start(version, by)


def _start(version: Version, by: Any) -> Publication:
    try:
        with transaction.atomic():
            publication = Publication.objects.create(version=version, by=by)
    except IntegrityError:
        raise PublicationRunning(
            "Another version is being scored. Wait until it is live, then publish again."
        ) from None
    check_scorable(version)
    publication.leads = _cut_into_pages(publication)
    publication.save(update_fields=["leads"])
    return publication


def check_scorable(version: Version) -> None:
    """An old version may ask for a field that has been deleted since."""
    try:
        with transaction.atomic():
            evaluate(version, [], database_clock(), dense=True)  # compiled as its pages will be
    except UNSCORABLE as error:
        raise ValidationError(f"Version {version.number} cannot be scored: {error}") from error


def _cut_into_pages(publication: Publication) -> int:
    # Who is killed costs a page: a fiftieth of all, but not so little that planning costs more than scoring.
    page = min(PAGE, max(LEAST, Standing.objects.count() // 50))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO scoring_publicationpage (publication_id, first, last, leads)"
            " SELECT %s, min(lead_id), max(lead_id), count(*) FROM"
            " (SELECT lead_id, (row_number() OVER (ORDER BY lead_id) - 1) / %s AS page FROM leads_standing) AS numbered"
            " GROUP BY page",
            [publication.pk, page],
        )
    return publication.pages.aggregate(n=Sum("leads"))["n"] or 0


# --- Scoring the pages ------------------------------------------------------------------------------


def run(publication: Publication) -> bool:
    """Score one page, or switch when none is left. Returns whether there is more to do.

    A version that cannot be scored after all is abandoned, and the publication says why.
    """
    try:
        if _score_page(publication):
            return True
        if not publication.pages.filter(done_at__isnull=True).exists():
            _catch_up_in_time(publication)
            _switch(publication)
        return False  # where others hold the last pages, whoever ends last switches
    except UNSCORABLE as error:
        logger.exception("%s cannot be scored", publication.version)
        abandon(publication, problem=str(error))
        return False


@retried
@transaction.atomic
def _score_page(publication: Publication) -> bool:
    waiting = publication.pages.filter(done_at__isnull=True)
    page = waiting.select_for_update(skip_locked=True, no_key=True).first()
    if page is None:
        return False
    in_page = Standing.objects.filter(pk__gte=page.first, pk__lte=page.last)
    _score(publication, list(in_page.order_by("pk").values_list("pk", "facts_rev")), dense=True)
    PublicationPage.objects.filter(pk=page.pk).update(done_at=timezone.now())
    return True


def future_versions(publication: Publication) -> tuple[int, ...]:
    """What will score after the switch: the present versions, this one in the place of its model's."""
    others = Version.objects.deciding().exclude(model=publication.version.model_id)
    both = Version.objects.filter(pk__in=[*others.values_list("pk", flat=True), publication.version_id])
    return tuple(both.order_by("position", "model_id", "-state", "pk").values_list("pk", flat=True))


_KEPT = ("as_of", "rev", *COLUMNS[1:])
_AGAIN = (
    f" ON CONFLICT (publication_id, lead_id) DO UPDATE SET ({', '.join(_KEPT)})"
    f" = ({', '.join(f'EXCLUDED.{column}' for column in _KEPT)}) WHERE s.rev < EXCLUDED.rev"
)


def _score(publication: Publication, leads: Sequence[tuple[int, int]], *, dense: bool = False) -> None:
    """Scores of (lead, revision of its facts), kept beside standings. The clock is read after revisions, then facts.

    dense: a page, whose leads nobody has scored for this publication.
    """
    if not leads:
        return
    versions = future_versions(publication)
    compiled = compiled_for(versions, dense=dense)
    ids, revs = [pk for pk, _ in leads], [rev for _, rev in leads]
    columns, as_of = ", ".join(COLUMNS), database_clock()
    with connection.cursor() as cursor:
        cursor.execute(ROOM)
        cursor.execute(
            f"INSERT INTO scoring_publicationscore AS s (publication_id, as_of, rev, {columns})"
            f" SELECT %s, %s, c.rev, {', '.join('r.' + column for column in COLUMNS)}"
            f" FROM ({compiled.sql}) AS r({columns})"
            " JOIN unnest(%s::bigint[], %s::bigint[]) AS c(lead_id, rev) USING (lead_id) ORDER BY lead_id"
            + ("" if dense else _AGAIN),
            [publication.pk, as_of, *compiled.bound(ids, as_of), ids, revs],
        )
    keep_others(publication.pk, versions, ids, as_of, dense=dense)


def _catch_up(publication: Publication) -> None:
    """Score the leads that came, or whose facts moved on, since their page was scored."""
    late = _late(publication)
    for start in range(0, len(late), PAGE):
        _score(publication, late[start : start + PAGE])


def _late(publication: Publication) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.lead_id, s.facts_rev FROM leads_standing s LEFT JOIN scoring_publicationscore p"
            " ON p.publication_id = %s AND p.lead_id = s.lead_id WHERE p.rev IS DISTINCT FROM s.facts_rev"
            " ORDER BY s.lead_id",
            [publication.pk],
        )
        return cursor.fetchall()


@retried
@transaction.atomic
def _catch_up_in_time(publication: Publication) -> None:
    """Most of it before the switch, so that nobody waits for it then."""
    if _holds_running(publication):
        _catch_up(publication)


def _holds_running(publication: Publication) -> bool:
    """Whether it still runs; then nobody ends it before our transaction does."""
    running = Publication.objects.filter(pk=publication.pk, finished_at__isnull=True)
    return running.select_for_update(no_key=True).exists()


@retried
@transaction.atomic
def _switch(publication: Publication) -> None:
    """No standing is claimed or written while the versions change; reading goes on. A second switch finds it done."""
    hold_standings()
    if not _holds_running(publication):
        return
    _catch_up(publication)
    now = timezone.now()
    keep_scores(publication)
    changed = switch(publication.pk, now)
    switch_others(publication.pk)
    rules_changed()
    model = publication.version.model_id
    ours = Version.objects.filter(model=model)
    ours.filter(state=VersionState.LIVE).update(state=VersionState.RETIRED)
    ours.filter(state=VersionState.TRIAL).update(state=VersionState.ABANDONED)
    Version.objects.filter(pk=publication.version_id).update(state=VersionState.LIVE)
    end_promoted(publication, now)
    publication.scores.all()._raw_delete(publication.scores.db)
    Publication.objects.filter(pk=publication.pk).update(finished_at=now, changed=changed)


# --- Giving up ---------------------------------------------------------------------------------------


@retried
@transaction.atomic
def abandon(publication: Publication, *, problem: str = "") -> bool:
    """End it without a switch: what is live stays live, and another version may be published.

    Returns whether it was still running; of a switch and this exactly one happens.
    """
    running = Publication.objects.filter(pk=publication.pk, finished_at__isnull=True)
    if not running.update(finished_at=timezone.now(), abandoned=True, problem=problem):
        return False
    # Waits for who is scoring a page now; whoever comes later finds none.
    publication.pages.filter(done_at__isnull=True).delete()
    publication.scores.all()._raw_delete(publication.scores.db)
    forget_others(publication.pk)
    was_live = Publication.objects.filter(version=publication.version_id, abandoned=False).exists()
    Version.objects.filter(pk=publication.version_id, state=VersionState.SCORING).update(
        state=VersionState.RETIRED if was_live else VersionState.ABANDONED
    )
    return True
