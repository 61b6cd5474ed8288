"""Draft → published → retired. Readers see the old version or the new one, never a mixture.

publish() freezes the draft and cuts all leads into pages; run() scores the pages beside the present standings, as many
workers as like at once; the last one switches every standing in one transaction.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.utils import timezone

from leads.conditions import ConditionError, parse
from leads.conditions.vocabulary import Vocabulary
from leads.models import LedgerLine, Standing
from scoring.engine.definition import Definition, driver, freeze, load
from scoring.engine.evaluate import COLUMNS, Compiled, compiled_for, database_clock
from scoring.engine.ledger import switch
from scoring.models import Counting, Publication, PublicationPage, ScoringModel, Version, VersionState

PAGE = 10_000


class PublicationRunning(ValidationError):
    """Another version is being scored; only one at a time can become live."""


def publish(model: ScoringModel, *, by: Any, note: str = "", published_at: Any = None) -> Publication:
    """Freeze the draft as the model's next version and start scoring it. It is live when every lead has been scored.

    Raises ValidationError naming every criterion that cannot be scored, or PublicationRunning.
    """
    check_draft(model)
    with transaction.atomic():
        number = 1 + (model.versions.order_by("-number").values_list("number", flat=True).first() or 0)
        version = Version.objects.create(
            model=model, number=number, definition=freeze(model), note=note, published_by=by,
            published_at=published_at or timezone.now(),
        )  # fmt: skip
        LedgerLine.objects.bulk_create(ledger_lines(version))
        return _start(version, by)


def rollback(version: Version, *, by: Any) -> Publication:
    """Make an older version live again, by the same way: scored beside, switched at once."""
    with transaction.atomic():
        moved = Version.objects.filter(pk=version.pk, state=VersionState.RETIRED).update(state=VersionState.SCORING)
        if not moved:
            raise ValidationError(f"Version {version.number} is not retired, so there is nothing to go back to.")
        return _start(version, by)


def _start(version: Version, by: Any) -> Publication:
    try:
        with transaction.atomic():
            publication = Publication.objects.create(version=version, by=by)
    except IntegrityError:
        raise PublicationRunning(
            "Another version is being scored. Wait until it is live, then publish again."
        ) from None
    publication.leads = _cut_into_pages(publication)
    publication.save(update_fields=["leads"])
    return publication


def _cut_into_pages(publication: Publication) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO scoring_publicationpage (publication_id, first, last, leads)"
            " SELECT %s, min(lead_id), max(lead_id), count(*) FROM"
            " (SELECT lead_id, (row_number() OVER (ORDER BY lead_id) - 1) / %s AS page FROM leads_standing) AS numbered"
            " GROUP BY page",
            [publication.pk, PAGE],
        )
    return publication.pages.aggregate(n=Sum("leads"))["n"] or 0


def check_draft(model: ScoringModel) -> None:
    """Raises ValidationError with one line for each criterion that cannot be scored as it stands."""
    vocabulary, errors = Vocabulary.load(), []
    criteria = model.criteria.filter(active=True)
    if not criteria.exists():
        raise ValidationError("The model has no active criterion. Add at least one, then publish.")
    for criterion in criteria:
        try:
            node = parse(criterion.condition)
            vocabulary.check(node)
            if criterion.counting != Counting.ONCE:
                driver(node)
            if criterion.counting in (Counting.HALF_LIFE, Counting.LINEAR) and not criterion.days:
                raise ConditionError("say the half-life, or after how many days nothing is left")
        except ConditionError as error:
            errors.append(f"{criterion.name}: {error}")
    if errors:
        raise ValidationError(errors)


def ledger_lines(version: Version) -> list[LedgerLine]:
    """The names of a standing's points, in the order in which the engine gives them."""
    definition = load(version.definition)
    rows = [
        (LedgerLine.CRITERION, rule.name, definition.groups[rule.group].name, definition.groups[rule.group].axis)
        for rule in definition.criteria
    ]
    rows += [(LedgerLine.GROUP, _limit_name(definition, i), group.name, group.axis)
             for i, group in enumerate(definition.groups)]  # fmt: skip
    rows += [(LedgerLine.AXIS, f"{axis.capitalize()} ends at {definition.axis_limit}", "", axis)
             for axis in ("fit", "engagement")]  # fmt: skip
    return [
        LedgerLine(version=version.pk, position=i, kind=kind, name=name, group=group, axis=axis)
        for i, (kind, name, group, axis) in enumerate(rows)
    ]


def _limit_name(definition: Definition, index: int) -> str:
    group = definition.groups[index]
    limits = [f"at most {group.cap}"] * (group.cap is not None) + [f"at least {group.floor}"] * (
        group.floor is not None
    )
    return f"{group.name} gives {' and '.join(limits)}" if limits else f"{group.name} has no limit"


# --- Scoring the pages ------------------------------------------------------------------------------


def run(publication: Publication) -> bool:
    """Score one page, or switch when none is left. Returns whether there is more to do."""
    with transaction.atomic():
        page = (
            publication.pages.filter(done_at__isnull=True)
            .select_for_update(skip_locked=True, no_key=True).first()
        )  # fmt: skip
        if page is not None:
            _score(publication, page.first, page.last)
            PublicationPage.objects.filter(pk=page.pk).update(done_at=timezone.now())
            return True
    if publication.pages.filter(done_at__isnull=True).exists():
        return False  # others hold the last pages; whoever ends last switches
    _switch(publication)
    return False


def future_versions(publication: Publication) -> Compiled:
    """What will be live after the switch: the present versions, this one in the place of its model's."""
    others = Version.objects.live().exclude(model=publication.version.model_id)
    both = Version.objects.filter(pk__in=[*others.values_list("pk", flat=True), publication.version_id])
    return compiled_for(tuple(both.order_by("model__position", "model_id").values_list("pk", flat=True)))


def _score(publication: Publication, first: int, last: int) -> None:
    """Scores of a range of leads, kept beside their standings. Revisions are read first, then the clock, then facts."""
    rows = list(Standing.objects.filter(pk__gte=first, pk__lte=last).order_by("pk").values_list("pk", "facts_rev"))
    if not rows:
        return
    compiled = future_versions(publication)
    ids, revs = [pk for pk, _ in rows], [rev for _, rev in rows]
    columns, as_of = ", ".join(COLUMNS), database_clock()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO scoring_publicationscore (publication_id, as_of, rev, {columns})"
            f" SELECT %s, %s, c.rev, {', '.join('r.' + column for column in COLUMNS)}"
            f" FROM ({compiled.sql}) AS r({columns})"
            " JOIN unnest(%s::bigint[], %s::bigint[]) AS c(lead_id, rev) USING (lead_id)"
            " ON CONFLICT (publication_id, lead_id) DO NOTHING",
            [publication.pk, as_of, *compiled.bound(ids, as_of), ids, revs],
        )


def _switch(publication: Publication) -> None:
    with transaction.atomic():
        # No standing is claimed or written while the versions change; reading goes on. A second switch finds it done.
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE leads_standing IN EXCLUSIVE MODE")
        if not Publication.objects.filter(pk=publication.pk, finished_at__isnull=True).exists():
            return
        _score_newcomers(publication)
        now = timezone.now()
        changed = switch(publication.pk, now)
        live = Version.objects.filter(model=publication.version.model_id, state=VersionState.LIVE)
        live.update(state=VersionState.RETIRED)
        Version.objects.filter(pk=publication.version_id).update(state=VersionState.LIVE)
        publication.scores.all()._raw_delete(publication.scores.db)
        Publication.objects.filter(pk=publication.pk).update(finished_at=now, changed=changed)


def _score_newcomers(publication: Publication) -> None:
    """Leads that came while the pages were scored."""
    last = publication.pages.order_by("-last").values_list("last", flat=True).first() or 0
    newest = Standing.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    if newest > last:
        _score(publication, last + 1, newest)
