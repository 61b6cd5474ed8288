"""File → checked data. Every mistake is named with its place, all at once."""

from collections.abc import Iterator
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from rest_framework import serializers

from leads.conditions import ConditionError, parse
from leads.conditions.vocabulary import Vocabulary
from leads.enums import Axis, FieldType, Label
from leads.models import Field
from scoring.models import Counting
from scoring.models.scoring_model import GRADES, default_labels, default_thresholds, validate_thresholds

MOST_BYTES = 1_000_000


class ModelFileError(ValueError):
    """`problems`: a line for each mistake, with its place: "groups.0.criteria.2 (Asked for pricing).points: …"."""

    def __init__(self, problems: list[str]):
        self.problems = problems
        super().__init__("\n".join(problems))


def read(text: str | bytes) -> dict[str, Any]:
    """The file as data, complete and in our types; conditions may still ask for fields that are not here (check).

    Raises ModelFileError.
    """
    return read_data(_yaml(text))


def read_data(data: Any) -> dict[str, Any]:
    """The same for a file that came as data, as the API takes it. Raises ModelFileError."""
    file = ModelFileSerializer(data=data)
    if not file.is_valid():
        raise ModelFileError(list(_lines(file.errors, file.initial_data)))
    return file.validated_data


def check(file: dict[str, Any], vocabulary: Vocabulary) -> None:
    """Every condition can be asked here. Raises ModelFileError."""
    problems = []
    for place, condition in conditions(file):
        try:
            vocabulary.check(parse(condition))
        except ConditionError as error:
            problems.append(f"{'.'.join((place, *error.path))}: {error.message}")
    if problems:
        raise ModelFileError(problems)


def conditions(file: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each condition of the file with its place."""
    if file["audience"] is not None:
        yield "audience", file["audience"]
    for i, group in enumerate(file["groups"]):
        for j, criterion in enumerate(group["criteria"]):
            yield f"groups.{i}.criteria.{j} ({criterion['name']}).when", criterion["when"]


# --- The text ------------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """YAML as a person would read it: no references, no name twice, and a day stays text."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.MarkedYAMLError(None, None, "references (*name) are not read: write it out", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen: set[Any] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(None, None, f"{key.value!r} stands here twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _yaml(text: str | bytes) -> dict[str, Any]:
    if len(text) > MOST_BYTES:
        raise ModelFileError(["the file is larger than 1 MB: a model is a few kilobytes"])
    try:
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader that takes less
    except yaml.MarkedYAMLError as error:
        at = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ModelFileError([f"{at}{error.problem}"]) from None
    except RecursionError:
        raise ModelFileError(["this is not YAML: nested too deeply"]) from None
    except (yaml.YAMLError, ValueError) as error:
        raise ModelFileError([f"this is not YAML: {error}"]) from None
    if not isinstance(data, dict) or "leadscore_model" not in data:
        raise ModelFileError(["this is not a model: the file begins with “leadscore_model: 1”"])
    return data


# --- Its shape -----------------------------------------------------------------------------------------


class _Strict(serializers.Serializer):
    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := [str(name) for name in data if name not in self.fields]):
            known = ", ".join(self.fields)
            raise serializers.ValidationError({name: [f"not known here; what is: {known}"] for name in unknown})
        return super().to_internal_value(data)


class _Condition(serializers.JSONField):
    def to_internal_value(self, data: Any) -> Any:
        try:
            parse(data)
        except ConditionError as error:
            raise serializers.ValidationError(str(error)) from None
        return data


class ModelFileFieldSerializer(_Strict):
    of = serializers.ChoiceField([Field.LEAD, Field.COMPANY])
    key = serializers.RegexField(r"^[a-z][a-z0-9_]*$", max_length=60)
    label = serializers.CharField(max_length=150)  # type: ignore[assignment]
    type = serializers.ChoiceField(FieldType.choices)
    choices = serializers.ListField(child=serializers.CharField(max_length=200), max_length=1000, default=list)


class ModelFileCriterionSerializer(_Strict):
    name = serializers.CharField(max_length=120)
    when = _Condition()
    points = serializers.IntegerField(min_value=-1000, max_value=1000)
    counting = serializers.ChoiceField(Counting.choices, default=Counting.ONCE)
    days = serializers.IntegerField(min_value=1, max_value=3650, default=None, allow_null=True)
    at_most = serializers.IntegerField(min_value=-1000, max_value=1000, default=None, allow_null=True)
    disqualifies = serializers.BooleanField(default=False)
    switched_off = serializers.BooleanField(default=False)


class ModelFileGroupSerializer(_Strict):
    name = serializers.CharField(max_length=80)
    axis = serializers.ChoiceField(Axis.choices)
    at_most = serializers.IntegerField(min_value=-32000, max_value=32000, default=None, allow_null=True)
    at_least = serializers.IntegerField(min_value=-32000, max_value=32000, default=None, allow_null=True)
    criteria = ModelFileCriterionSerializer(many=True, default=list)

    def validate(self, group: dict[str, Any]) -> dict[str, Any]:
        if None not in (group["at_most"], group["at_least"]) and group["at_least"] > group["at_most"]:
            raise serializers.ValidationError({"at_least": ["above at_most"]})
        return group


class ModelFileGradesSerializer(_Strict):
    fit = serializers.ListField(child=serializers.IntegerField(), default=default_thresholds)
    engagement = serializers.ListField(child=serializers.IntegerField(), default=default_thresholds)

    def validate(self, grades: dict[str, Any]) -> dict[str, Any]:
        for axis, limits in grades.items():
            try:
                validate_thresholds(limits)
            except ValidationError as error:
                raise serializers.ValidationError({axis: error.messages}) from None
        return grades


class ModelFileSerializer(_Strict):
    leadscore_model = serializers.ChoiceField([1], error_messages={"invalid_choice": "this version reads format 1"})
    name = serializers.CharField(max_length=100)
    slug = serializers.SlugField(max_length=50)
    description = serializers.CharField(default="", allow_blank=True)
    audience = _Condition(default=None, allow_null=True)
    axis_limit = serializers.IntegerField(min_value=1, max_value=1000, default=50)
    grades = ModelFileGradesSerializer(
        default=lambda: {"fit": default_thresholds(), "engagement": default_thresholds()}
    )
    labels = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), default=None)
    handed_to_sales = serializers.ListField(child=serializers.ChoiceField(Label.choices), default=list)
    fields = ModelFileFieldSerializer(many=True, default=list)  # type: ignore[assignment]
    groups = ModelFileGroupSerializer(many=True, allow_empty=False)

    def validate_labels(self, labels: dict[str, list[str]] | None) -> dict[str, str]:
        if labels is None:
            return default_labels()
        allowed = (Label.HOT, Label.WARM, Label.COOL, Label.COLD)
        given = [(grade, label) for label, grades in labels.items() for grade in grades]
        if not set(labels) <= set(allowed) or sorted(grade for grade, _ in given) != sorted(GRADES):
            raise serializers.ValidationError("each grade from A1 to D4 once, under hot, warm, cool or cold")
        return dict(given)


def _lines(errors: Any, data: Any, path: str = "") -> Iterator[str]:
    """Nested errors as lines: "groups.0.criteria.2 (Asked for pricing).points: A valid integer is required."."""
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        errors = dict(enumerate(errors))
    if not isinstance(errors, dict):
        yield from (f"{path}: {error}" for error in errors)
        return
    for place, below in errors.items():
        item = _at(data, place)
        called = f" ({item['name']})" if isinstance(item, dict) and isinstance(item.get("name"), str) else ""
        step = "" if place == "non_field_errors" else f"{place}{called}"
        yield from _lines(below, item, ".".join(filter(None, [path, step])))


def _at(data: Any, place: Any) -> Any:
    try:
        return data[place]
    except (LookupError, TypeError):
        return None
