"""Publishing later: the draft as it is now, at a moment. What cannot be published then says why."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from leads.outgoing.notices import notify
from leads.retry import retried
from scoring import publishing
from scoring.approvals import check_something_new, digest_of
from scoring.draft import check_draft
from scoring.models import Publication, ScheduledPublication, ScoringModel


@transaction.atomic
def schedule(model: ScoringModel, *, at: datetime, by: Any, note: str = "") -> ScheduledPublication:
    """Have the present draft published at that moment. Raises ValidationError where it is past, or one waits already,
    or the draft cannot be scored or is what is live.
    """
    if at <= timezone.now():
        raise ValidationError({"at": "This moment is past. Choose a later one, or publish now."})
    held = ScoringModel.objects.select_for_update().get(pk=model.pk)
    check_something_new(held)
    check_draft(held)
    try:
        with transaction.atomic():
            return ScheduledPublication.objects.create(
                model=held, at=at, note=note, digest=digest_of(held), by=by, made_at=timezone.now()
            )
    except IntegrityError:
        raise ValidationError("A publication of this model is scheduled already. Cancel it first.") from None


def cancel(scheduled: ScheduledPublication, *, by: Any) -> bool:
    """Returns whether it still waited."""
    waiting = ScheduledPublication.objects.filter(pk=scheduled.pk, ended_at=None)
    return bool(waiting.update(ended_at=timezone.now(), cancelled_by=by))


def publish_scheduled() -> list[Publication]:
    """Publish what is due. What another publication keeps waiting waits on; what cannot be done says why."""
    due = ScheduledPublication.objects.filter(ended_at=None, at__lte=timezone.now())
    started = (_publish(pk) for pk in list(due.order_by("at").values_list("pk", flat=True)))
    return [publication for publication in started if publication]


@retried
@transaction.atomic
def _publish(pk: int) -> Publication | None:
    rows = ScheduledPublication.objects.select_for_update(skip_locked=True, of=("self",)).select_related("model", "by")
    row = rows.filter(pk=pk, ended_at=None).first()
    if row is None:
        return None
    try:
        with transaction.atomic():
            row.publication = _checked(row)
    except publishing.PublicationRunning:
        return None
    except ValidationError as error:
        row.problem = " ".join(error.messages)
        _tell(row)
    row.ended_at = timezone.now()
    row.save(update_fields=["publication", "problem", "ended_at"])
    return row.publication


def _checked(row: ScheduledPublication) -> Publication:
    if not (row.by.is_active and row.by.has_perm("scoring.publish_scoringmodel")):
        raise ValidationError(f"{row.by} may no longer publish.")
    return publishing.publish(row.model, by=row.by, note=row.note, digest=row.digest)


def _tell(row: ScheduledPublication) -> None:
    text = f"{row.model} was not published as scheduled: {row.problem}"
    url = reverse("scoring:model", args=[row.model_id])
    notify([row.by], kind="publication", text=text, url=url, key=f"scheduled:{row.pk}", mail=True)
