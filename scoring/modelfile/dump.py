"""Model → file."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from leads.conditions.grammar import QUESTIONS, FieldTest, parse, tests
from leads.models import Field
from scoring.engine.definition import CriterionRule, GroupRule, load
from scoring.models import Counting, Criterion, Group, ScoringModel, Version

FORMAT = 1


@dataclass(frozen=True)
class _Part:
    """A group with its criteria, of a draft or of a version: both are told with the same words."""

    group: Group | GroupRule
    criteria: list[Any]


def draft_file(model: ScoringModel) -> dict[str, Any]:
    """The draft as it stands, criteria that are switched off included."""
    parts = [_Part(group, list(group.criteria.all())) for group in model.groups.prefetch_related("criteria")]
    return _file(model, model, parts)


def version_file(version: Version) -> dict[str, Any]:
    """The model as it was published with this version."""
    definition = load(version.definition)
    parts = [
        _Part(group, [definition.criteria[i] for i in definition.criteria_of(place)])
        for place, group in enumerate(definition.groups)
    ]
    return _file(version.model, definition, parts)


def to_yaml(file: dict[str, Any]) -> str:
    """The same model always gives the same text."""
    return yaml.dump(file, Dumper=_Plain, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100)


class _Plain(yaml.SafeDumper):
    """Nothing is said by reference: each condition stands where it is used."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


class _Line(dict[str, Any]):
    """Told on one line: {field: seniority, op: is, value: manager}."""


_Plain.add_representer(
    _Line, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=True)
)
_ORDER = ("field", "event", "property", "where", "op", "value", *QUESTIONS, "days")


def _condition(data: Any) -> Any:
    """The condition with its parts in the order in which they are read, whatever order the database keeps."""
    match data:
        case {"all": parts}:
            return {"all": [_condition(part) for part in parts]}
        case {"any": parts}:
            return {"any": [_condition(part) for part in parts]}
        case {"not": part}:
            return {"not": _condition(part)}
        case {"where": _}:
            told = {name: data[name] for name in _ORDER if name in data}
            return told | {"where": [_condition(test) for test in data["where"]]}
        case dict():
            return _Line({name: data[name] for name in _ORDER if name in data})
    return data


def _file(model: ScoringModel, rules: Any, parts: list[_Part]) -> dict[str, Any]:
    conditions = [rules.audience] * (rules.audience is not None) + [
        c.condition for part in parts for c in part.criteria
    ]
    file = {
        "leadscore_model": FORMAT,
        "name": model.name,
        "slug": model.slug,
        "description": model.description,
        "audience": _condition(rules.audience),
        "axis_limit": rules.axis_limit,
        "grades": {"fit": list(rules.fit_limits), "engagement": list(rules.engagement_limits)},
        "labels": _labels(rules.labels),
        "handed_to_sales": list(rules.handoff_labels),
        "fields": list(_fields(conditions)),
        "groups": [_group(part) for part in parts],
    }
    return {name: value for name, value in file.items() if value not in (None, "", []) or name == "groups"}


def _labels(labels: dict[str, str]) -> dict[str, list[str]]:
    """{"hot": ["A1", "A2", "B1"], …}, hottest first."""
    given: dict[str, list[str]] = {"hot": [], "warm": [], "cool": [], "cold": []}
    for grade, label in sorted(labels.items()):
        given[label].append(grade)
    return {label: grades for label, grades in given.items() if grades}


def _fields(conditions: Iterable[Any]) -> Iterable[dict[str, Any]]:
    """The custom fields that are asked for, so that another installation can make them."""
    asked = {test.field for condition in conditions for test in tests(parse(condition)) if isinstance(test, FieldTest)}
    for field in Field.objects.order_by("of", "key"):
        if f"{'company.' * (field.of == Field.COMPANY)}custom.{field.key}" in asked:
            told = {"of": field.of, "key": field.key, "label": field.label, "type": field.type}
            yield told | ({"choices": list(field.choices)} if field.choices else {})


def _group(part: _Part) -> dict[str, Any]:
    group = part.group
    limits = {"at_most": group.cap, "at_least": group.floor}
    return {
        "name": group.name,
        "axis": str(group.axis),
        **{name: limit for name, limit in limits.items() if limit is not None},
        "criteria": [_criterion(criterion) for criterion in part.criteria],
    }


def _criterion(rule: Criterion | CriterionRule) -> dict[str, Any]:
    told: dict[str, Any] = {"name": rule.name, "when": _condition(rule.condition), "points": rule.points}
    if rule.counting != Counting.ONCE:
        told["counting"] = str(rule.counting)
    for name in ("days", "at_most"):
        if getattr(rule, name) is not None:
            told[name] = getattr(rule, name)
    if rule.disqualifies:
        told["disqualifies"] = True
    if not getattr(rule, "active", True):
        told["switched_off"] = True
    return told
