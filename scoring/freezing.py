"""What is held while versions are made and switched, and what becomes a version."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection

from leads.models import LedgerLine
from scoring.draft import ledger_lines
from scoring.models import ScoringModel, Version


class ExperimentRunning(ValidationError):
    """Half of the leads are scored by another version: publishing would end the comparison unnoticed."""


def freeze_version(model: ScoringModel, definition: dict[str, Any], **extra: Any) -> Version:
    """The model's next version. Call it with the draft held."""
    number = 1 + (model.versions.order_by("-number").values_list("number", flat=True).first() or 0)
    version = Version.objects.create(model=model, number=number, definition=definition, **extra)
    LedgerLine.objects.bulk_create(ledger_lines(version))
    return version


def check_no_experiment(model: ScoringModel) -> None:
    """Raises ExperimentRunning. Call it with the draft held: an experiment starts and ends under the same lock.

    A shadow decides nothing, so it does not stand in the way: it ends with the switch (scoring/experiments/ending.py).
    """
    if running := model.experiments.running().filter(shadow=False).first():
        raise ExperimentRunning(
            f"The experiment “{running}” runs on {model}. Publishing now would spoil it: promote its challenger, or"
            " stop it first."
        )


def held_draft(model: ScoringModel) -> ScoringModel:
    """The draft as it is now, kept from changing until what was checked is frozen. A second publisher waits here."""
    draft = ScoringModel.objects.select_for_update().get(pk=model.pk)  # so no criterion or group is added either
    for rows in (draft.groups, draft.criteria):
        list(rows.select_for_update().values_list("pk"))
    return draft


def hold_standings() -> None:
    """Until the end of the transaction nobody claims or writes a standing. Who wants to queues up behind us while we
    wait for the lock: not for long, then again.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '5s'; LOCK TABLE leads_standing IN EXCLUSIVE MODE")
