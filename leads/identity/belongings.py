"""What belongs to a lead and goes with it when it is merged, and comes back when the merge is undone.

Whatever has a foreign key to Lead moves to the survivor, unless its model says `stays_when_merged`: a history that is
numbered or undone by lead, and what there is only one of. Events and identities say in a column of their own by which
lead they came; for other tables a row of MovedRow says it.
"""

from collections.abc import Iterator, Sequence

from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.db.models.expressions import Value
from django.db.models.functions import Coalesce, NullIf

from leads.models import Event, Lead, LeadIdentity, MovedRow

WITH_COLUMN: tuple[type[models.Model], ...] = (Event, LeadIdentity)


def move(merged: int, survivor: int) -> None:
    """All that belongs to the merged lead is the survivor's from here on."""
    for model in WITH_COLUMN:
        rows = model._default_manager.filter(lead=merged)
        rows.update(came_by=Coalesce(F("came_by"), Value(merged)), lead=survivor)
    for model, name in others():
        rows = model._base_manager.filter(**{name: merged})
        ids = [pk for pk in rows.values_list("pk", flat=True) if _moved(model, pk, name, survivor)]
        MovedRow.objects.bulk_create(
            [MovedRow(table=model._meta.db_table, row=pk, came_by_id=merged) for pk in ids], ignore_conflicts=True
        )


def _moved(model: type[models.Model], pk: int, name: str, survivor: int) -> bool:
    """Move the row, unless the survivor has its like already, where there is only one: both are on one list."""
    try:
        with transaction.atomic():
            return bool(model._base_manager.filter(pk=pk).update(**{name: survivor}))
    except IntegrityError:
        return False


def give_back(merged: int, brought: Sequence[int], holder: int) -> None:
    """What came with the lead, or came later by its identities, is its own again; `brought` came along with it."""
    for model in WITH_COLUMN:
        rows = model._default_manager.filter(lead=holder, came_by__in=brought)
        rows.update(lead=merged, came_by=NullIf(F("came_by"), Value(merged)))
    moved = MovedRow.objects.filter(came_by__in=brought)
    for model, name in others():
        ids = moved.filter(table=model._meta.db_table).values("row")
        model._base_manager.filter(pk__in=ids, **{name: holder}).update(**{name: merged})
    moved.filter(came_by=merged).delete()


def others() -> Iterator[tuple[type[models.Model], str]]:
    """(model, name of its field) of every other row that moves with its lead."""
    for relation in Lead._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ManyToOneRel) or relation.field.name == "merged_into":
            continue
        model = relation.related_model
        if model not in WITH_COLUMN and not getattr(model, "stays_when_merged", False):
            yield model, relation.field.name
