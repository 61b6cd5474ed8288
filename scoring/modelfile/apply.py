"""Checked data → draft. Nothing is published by it, and what the draft was can be had again from its last version."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from leads.conditions.grammar import EventTest, parse, tests
from leads.conditions.vocabulary import ANY_KIND, Vocabulary
from leads.ingest.kinds import kind_ids, slug_of
from leads.models import EventKind, Field
from scoring.modelfile.read import check, conditions, read
from scoring.models import Criterion, Group, ScoringModel
from scoring.revisions import keep, record


@dataclass(frozen=True)
class Imported:
    """What an import did. `made` names the custom fields and kinds of event that were not here before."""

    model: ScoringModel
    created: bool
    criteria: int
    made: list[str] = field(default_factory=list)


def import_model(text: str | bytes, *, slug: str = "", origin: str = "") -> Imported:
    """The file as the draft of the model with its slug (or `slug`), which is made where there is none.

    Groups and criteria are recognised by their names, so that versions can be compared afterwards; what the file does
    not have is taken out of the draft. Custom fields and kinds of event it asks for are made. Raises ModelFileError,
    then nothing changed.
    """
    file = read(text)
    return apply(file | {"slug": slug or file["slug"]}, origin=origin)


def import_as_new(file: dict[str, Any], *, by: Any = None, origin: str = "") -> Imported:
    """Data that has been read as a model of its own, whatever there is already: its slug is numbered where taken."""
    return apply(file | {"slug": _free(file["slug"], "slug", 50, "-")}, by=by, origin=origin)


@transaction.atomic
def apply(file: dict[str, Any], *, by: Any = None, origin: str = "", apart: bool = False) -> Imported:
    """See import_model; for data that has been read. `by` and `origin` (by which way) are kept in the history, `apart`
    from what the same person did by the same way just before.
    """
    made = _make_fields(file["fields"]) + _make_kinds(file)
    check(file, Vocabulary.load())
    model, created = _model(file)
    groups = _groups(model, file["groups"])
    criteria = _criteria(model, groups, file["groups"])
    model.groups.exclude(pk__in=[group.pk for group in groups]).delete()
    record(model, by=by, origin=origin, apart=apart)
    return Imported(model, created, criteria, made)


def _make_fields(wanted: list[dict[str, Any]]) -> list[str]:
    made = []
    for told in wanted:
        named = {"of": told["of"], "key": told["key"]}
        rest = {name: told[name] for name in ("label", "type", "choices")}
        field, created = Field.objects.get_or_create(**named, defaults=rest)
        made += [field.label] * created
    return made


def _make_kinds(file: dict[str, Any]) -> list[str]:
    asked = {
        test.kind
        for _, condition in conditions(file)
        for test in tests(parse(condition))
        if isinstance(test, EventTest) and test.kind != ANY_KIND and slug_of(test.kind) == test.kind
    }
    missing = asked - set(EventKind.objects.filter(slug__in=asked).values_list("slug", flat=True))
    kind_ids(missing)
    return sorted(missing)


def _model(file: dict[str, Any]) -> tuple[ScoringModel, bool]:
    values = {
        "description": file["description"], "audience": file["audience"], "axis_limit": file["axis_limit"],
        "fit_limits": file["grades"]["fit"], "engagement_limits": file["grades"]["engagement"],
        "labels": file["labels"], "handoff_labels": file["handed_to_sales"],
    }  # fmt: skip
    model = ScoringModel.objects.select_for_update().filter(slug=file["slug"]).first()
    if model is None:
        return ScoringModel.objects.create(
            slug=file["slug"], name=_free(file["name"], "name", 100, " "), **values
        ), True
    keep(model)
    for name, value in values.items():
        setattr(model, name, value)
    model.save(update_fields=list(values))
    return model, False


def _free(name: str, column: str, longest: int, between: str) -> str:
    """The name, numbered where a model has it: Inbound, Inbound 2, …"""
    taken = set(ScoringModel.objects.values_list(column, flat=True))
    numbered = (f"{name[: longest - 5]}{between}{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(free for free in numbered if free not in taken)


def _groups(model: ScoringModel, wanted: list[dict[str, Any]]) -> list[Group]:
    return [
        Group.objects.update_or_create(
            model=model, name=told["name"],
            defaults={"axis": told["axis"], "cap": told["at_most"], "floor": told["at_least"], "position": place},
        )[0]
        for place, told in enumerate(wanted)
    ]  # fmt: skip


def _criteria(model: ScoringModel, groups: list[Group], wanted: list[dict[str, Any]]) -> int:
    """Rows keep their ids where the name is the same, best where the group is too; the rest go."""
    known: dict[str, list[Criterion]] = defaultdict(list)
    for row in model.criteria.all():
        known[row.name].append(row)
    kept: list[int] = []
    for group, told in zip(groups, wanted, strict=True):
        for rule in told["criteria"]:
            same = known[rule["name"]]
            same.sort(key=lambda row: row.group_id != group.pk)
            row = same.pop(0) if same else Criterion(model=model)
            row.group, row.position = group, len(kept)
            _write(row, rule)
            kept.append(row.pk)
    model.criteria.exclude(pk__in=kept).delete()
    return len(kept)


def _write(row: Criterion, rule: dict[str, Any]) -> None:
    row.name, row.condition, row.points = rule["name"], rule["when"], rule["points"]
    row.counting, row.days, row.at_most = rule["counting"], rule["days"], rule["at_most"]
    row.disqualifies, row.active = rule["disqualifies"], not rule["switched_off"]
    row.save()
