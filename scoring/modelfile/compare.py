"""What one model says differently from another, wherever each of them stands: in a file, as a draft, as a version."""

from pathlib import Path
from typing import Any

from leads.conditions.vocabulary import Vocabulary
from leads.requests import whole
from scoring.diff import Difference, differences
from scoring.engine.definition import CriterionRule, Definition, GroupRule, freeze, load
from scoring.modelfile.dump import draft_file, to_yaml, version_file
from scoring.modelfile.read import read
from scoring.models import ScoringModel, Version


def find(name: str) -> ScoringModel | Version:
    """The draft of a model ("inbound") or a version of it ("inbound@3"). Raises LookupError, in words."""
    slug, at, number = name.partition("@")
    model = ScoringModel.objects.filter(slug=slug).first()
    if model is None:
        known = ", ".join(ScoringModel.objects.values_list("slug", flat=True)) or "none"
        raise LookupError(f"there is no model {slug!r}; there is: {known}")
    if not at:
        return model
    version = model.versions.filter(number=whole(number, digits=9)).first()
    if version is None:
        raise LookupError(f"{slug} has no version {number!r}")
    return version


def compare(before: str, after: str) -> list[Difference]:
    """Both named as a file, "slug" or "slug@number"; criteria of files are recognised by their names.

    Raises LookupError, OSError or ModelFileError.
    """
    if not _is_file(before) and not _is_file(after):
        old, new = _definition(find(before)), _definition(find(after))
    else:
        numbers: dict[Any, int] = {}
        old, new = _by_names(_file(before), numbers), _by_names(_file(after), numbers)
    return differences(old, new, Vocabulary.load())


def _is_file(name: str) -> bool:
    return name.endswith((".yaml", ".yml")) or Path(name).is_file()


def _file(name: str) -> dict[str, Any]:
    if _is_file(name):
        return read(Path(name).read_bytes())
    found = find(name)
    return read(to_yaml(draft_file(found) if isinstance(found, ScoringModel) else version_file(found)))


def _definition(found: ScoringModel | Version) -> Definition:
    return load(freeze(found) if isinstance(found, ScoringModel) else found.definition)


def _by_names(file: dict[str, Any], numbers: dict[Any, int]) -> Definition:
    """A definition in which criteria of the same name have the same number, in every file that shares `numbers`."""
    groups = [group for group in file["groups"] if any(not rule["switched_off"] for rule in group["criteria"])]
    seen: dict[str, int] = {}
    rules = []
    for place, group in enumerate(groups):
        for rule in group["criteria"]:
            if rule["switched_off"]:
                continue
            seen[rule["name"]] = nth = seen.get(rule["name"], 0) + 1
            number = numbers.setdefault((rule["name"], nth), len(numbers) + 1)
            how = {name: rule[name] for name in ("name", "points", "counting", "days", "at_most", "disqualifies")}
            rules.append(CriterionRule(id=number, group=place, condition=rule["when"], **how))
    return Definition(
        axis_limit=file["axis_limit"],
        fit_limits=tuple(file["grades"]["fit"]),
        engagement_limits=tuple(file["grades"]["engagement"]),
        labels=file["labels"],
        handoff_labels=tuple(file["handed_to_sales"]),
        audience=file["audience"],
        groups=tuple(GroupRule(g["name"], g["axis"], g["at_most"], g["at_least"]) for g in groups),
        criteria=tuple(rules),
    )
