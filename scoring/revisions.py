"""The history of a draft: who changed what, in sentences, and the way back to any state of it.

Whoever changes a draft calls keep() before, so that nothing others did is put down to them, and record() after, in the
same transaction.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

from django.db import transaction
from django.utils import timezone

from leads.conditions.vocabulary import Vocabulary
from scoring.diff import CHANGED, NEW, REMOVED, Difference, differences
from scoring.engine.definition import CriterionRule, Definition, freeze, load
from scoring.models import Criterion, Group, Revision, ScoringModel, Version

TOGETHER = timedelta(minutes=10)  # what one person saves within so long is one row
_TEXTS = {"name": "Name", "description": "Description", "position": "Place among models"}


def keep(model: ScoringModel) -> None:
    """Before a change: where the draft is not what the history knows last, that is a row of nobody in particular."""
    record(model, by=None, origin="")


@transaction.atomic
def record(model: ScoringModel, *, by: Any, origin: str, apart: bool = False) -> Revision | None:
    """After a change: enter the draft as it is now. None where nothing changed.

    Several saves of one person become one row, unless `apart`; what they took back within them is no row at all.
    """
    draft = ScoringModel.objects.select_for_update().get(pk=model.pk)
    now, snapshot = timezone.now(), snapshot_of(draft)
    last, before = [*draft.revisions.all()[:2], None, None][:2]
    if last is not None and last.snapshot == snapshot:
        return None
    if last is None or apart or not _goes_on(last, by, origin):
        return draft.revisions.create(by=by, origin=origin, began_at=now, at=now, snapshot=snapshot)
    if before is not None and before.snapshot == snapshot:
        last.delete()
        return None
    last.at, last.snapshot = now, snapshot
    last.save(update_fields=["at", "snapshot"])
    return last


def _goes_on(last: Revision, by: Any, origin: str) -> bool:
    """Whether this save belongs to the row before: same person, same way, just now, and nothing published between."""
    same = by is not None and last.by_id == by.pk and last.origin == origin and last.at > timezone.now() - TOGETHER
    return same and not last.model.versions.filter(published_at__gte=last.at).exists()


def snapshot_of(model: ScoringModel) -> dict[str, Any]:
    """Everything a draft is: its definition with what is switched off, which that is, and what it is called."""
    off = sorted(model.criteria.filter(active=False).values_list("pk", flat=True))
    # lists for tuples, as the database gives them back
    definition = freeze(model, everything=True)
    return _plain({"definition": definition, "off": off} | {name: getattr(model, name) for name in _TEXTS})


def _plain(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    return [_plain(item) for item in data] if isinstance(data, list | tuple) else data


# --- In sentences ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """A row of the history with what it changed. `first`: what was before is not known."""

    revision: Revision
    differences: list[Difference]
    first: bool = False


def history(model: ScoringModel, vocabulary: Vocabulary, *, most: int = 50, before: int | None = None) -> list[Change]:
    """The newest first; `before` is the id of a row, to go on. Two queries."""
    rows = model.revisions.select_related("by", "model")
    rows = rows.filter(pk__lt=before) if before else rows
    found: list[Revision | None] = list(rows[: most + 1])
    if len(found) <= most:
        found.append(None)
    return [told(old, new, vocabulary) for new, old in pairwise(found) if new is not None]


def told(before: Revision | None, after: Revision, vocabulary: Vocabulary) -> Change:
    if before is None:
        return Change(after, [], first=True)
    old, new = (load(row.snapshot["definition"]) for row in (before, after))
    found = [
        *differences(old, new, vocabulary), *_switched(before, after, new), *_empty_groups(old, new),
        *_texts(before.snapshot, after.snapshot),
    ]  # fmt: skip
    return Change(after, found or [Difference(CHANGED, "Order", "Model", after="other order")])


def _switched(before: Revision, after: Revision, new: Definition) -> Iterator[Difference]:
    was_off, is_off = set(before.snapshot["off"]), set(after.snapshot["off"])
    known = {rule["id"] for rule in before.snapshot["definition"]["criteria"]}
    for rule in new.criteria:
        if rule.id in known and (rule.id in was_off) != (rule.id in is_off):
            words = ("on", "off") if rule.id in is_off else ("off", "on")
            yield Difference(CHANGED, rule.name, new.groups[rule.group].name, *(f"switched {word}" for word in words))


def _empty_groups(old: Definition, new: Definition) -> Iterator[Difference]:
    before, after = ({(group.axis, group.name) for group in one.groups} for one in (old, new))
    for axis, name in sorted(after - before):
        yield Difference(NEW, name, "Group", after=f"on {axis}")
    for axis, name in sorted(before - after):
        yield Difference(REMOVED, name, "Group", before=f"on {axis}")


def _texts(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Difference]:
    for key, word in _TEXTS.items():
        if before[key] != after[key]:
            yield Difference(CHANGED, word, "Model", str(before[key]), str(after[key]))


# --- The way back ------------------------------------------------------------------------------------


@transaction.atomic
def restore(source: Revision | Version, *, by: Any) -> Revision | None:
    """Make the draft what it was then. What it is now stays in the history, to be had again the same way.

    What is live stays live. Criteria keep their identity, so comparisons follow them. None: the draft is that already.
    """
    model = ScoringModel.objects.select_for_update().get(pk=source.model_id)
    keep(model)
    if isinstance(source, Version):
        _write(model, load(source.definition), off=set())
        return record(model, by=by, origin=f"version {source.number} restored", apart=True)
    for name in ("description", "position"):
        setattr(model, name, source.snapshot[name])
    _write(model, load(source.snapshot["definition"]), off=set(source.snapshot["off"]))
    return record(model, by=by, origin=f"draft of {timezone.localtime(source.at):%d %b %Y, %H:%M} restored", apart=True)


def _write(model: ScoringModel, definition: Definition, *, off: set[int]) -> None:
    model.audience, model.axis_limit, model.labels = definition.audience, definition.axis_limit, definition.labels
    model.fit_limits, model.engagement_limits = list(definition.fit_limits), list(definition.engagement_limits)
    model.handoff_labels = list(definition.handoff_labels)
    model.save()
    groups = [
        Group.objects.update_or_create(
            model=model, name=rule.name,
            defaults={"axis": rule.axis, "cap": rule.cap, "floor": rule.floor, "position": place},
        )[0]
        for place, rule in enumerate(definition.groups)
    ]  # fmt: skip
    for place, rule in enumerate(definition.criteria):
        _write_criterion(model, groups[rule.group], rule, place, active=rule.id not in off)
    model.criteria.exclude(pk__in=[rule.id for rule in definition.criteria]).delete()
    model.groups.exclude(pk__in=[group.pk for group in groups]).delete()


def _write_criterion(model: ScoringModel, group: Group, rule: CriterionRule, place: int, *, active: bool) -> None:
    """One that was deleted comes back under its old id: ids are never given twice."""
    values = asdict(rule) | {"group": group, "model": model, "position": place, "active": active}
    Criterion.objects.update_or_create(pk=values.pop("id"), defaults=values)
