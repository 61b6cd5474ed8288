"""Four eyes: where the company wants it, a draft is published only as somebody else has approved it, exactly."""

import json
from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from scoring.engine.definition import freeze
from scoring.models import Approval, PublishingPolicy, ScoringModel, Version

NOBODY = (
    "This draft needs the approval of another person who may publish. Whoever approves it does so on the page of the"
    " model; any change of the draft afterwards voids the approval."
)


class ApprovalMissing(ValidationError):
    """Nobody else has approved the draft as it is."""


class NothingNew(ValidationError):
    """The draft is what is live."""


Frozen = dict[str, Any] | None  # what freeze() gives of the model, where the caller has it already


def digest_of(model: ScoringModel, frozen: Frozen = None) -> str:
    """Of what publishing would freeze. Two drafts have the same only where they would be the same version."""
    told = json.dumps([frozen or freeze(model), model.position], sort_keys=True, separators=(",", ":"))
    return sha256(told.encode()).hexdigest()


def nothing_new(model: ScoringModel, frozen: Frozen = None) -> bool:
    """Whether the draft is what is live."""
    live = Version.objects.live().filter(model=model).first()
    if live is None:
        return False
    same = json.dumps(frozen or freeze(model), sort_keys=True) == json.dumps(live.definition, sort_keys=True)
    return same and live.position == model.position


def check_something_new(model: ScoringModel) -> None:
    """Raises NothingNew where publishing would change nothing."""
    if nothing_new(model):
        raise NothingNew("The draft is what is live, so there is nothing to publish. Change it first.")


def approve(model: ScoringModel, *, by: Any) -> Approval:
    """Approve the draft as it is now. Once for a person."""
    held = ScoringModel.objects.get(pk=model.pk)
    values = {"at": timezone.now()}
    return Approval.objects.get_or_create(model=held, digest=digest_of(held), by=by, defaults=values)[0]


def withdraw(model: ScoringModel, *, by: Any) -> bool:
    """Take one's approval of the present draft back. Returns whether there was one."""
    return bool(approvals_of(model).filter(by=by).delete()[0])


def approvals_of(model: ScoringModel, frozen: Frozen = None) -> QuerySet[Approval]:
    """Those that hold for the draft as it is now."""
    return Approval.objects.filter(model=model, digest=digest_of(model, frozen)).select_related("by")


def check_approved(model: ScoringModel, *, by: Any) -> None:
    """Raises ApprovalMissing where the company wants four eyes and nobody but `by` has approved the present draft.

    Who approved must still be allowed to publish. `by` is None on the command line: there, anybody's approval counts.
    """
    if not PublishingPolicy.get().four_eyes:
        return
    others = [a.by for a in approvals_of(model) if by is None or a.by_id != by.pk]
    if not any(person.is_active and person.has_perm("scoring.publish_scoringmodel") for person in others):
        raise ApprovalMissing(NOBODY)
