"""A definition laid out for reading: axes, groups, criteria in sentences, and the grid of grades."""

from dataclasses import dataclass

from leads.conditions.vocabulary import Vocabulary
from leads.enums import Axis, Label
from scoring.engine.definition import CriterionRule, Definition, GroupRule
from scoring.ledgers import AXES
from scoring.sentences import condition_sentence, limits, manner, worth


@dataclass(frozen=True)
class Rule:
    rule: CriterionRule
    sentence: str
    worth: str
    manner: str


@dataclass(frozen=True)
class RuleGroup:
    rule: GroupRule
    limits: str
    rules: list[Rule]


@dataclass(frozen=True)
class RuleAxis:
    title: str
    groups: list[RuleGroup]


def rules_of(definition: Definition, vocabulary: Vocabulary) -> list[RuleAxis]:
    """Both axes with their groups and criteria."""
    return [
        RuleAxis(title, [_group(definition, index, vocabulary) for index in definition.groups_of(axis)])
        for axis, title in AXES.items()
    ]


def _group(definition: Definition, index: int, vocabulary: Vocabulary) -> RuleGroup:
    group = definition.groups[index]
    rules = [definition.criteria[i] for i in definition.criteria_of(index)]
    told = [Rule(rule, condition_sentence(rule.condition, vocabulary), worth(rule), manner(rule)) for rule in rules]
    return RuleGroup(group, limits(group.cap, group.floor), told)


def grade_rows(definition: Definition) -> list[tuple[str, list[tuple[str, str]]]]:
    """The grid, best fit first: (what fit it takes, [(grade, label), …])."""
    return [
        (span, [(f"{letter}{digit}", definition.labels[f"{letter}{digit}"]) for digit in "1234"])
        for letter, span in zip("ABCD", band_spans(definition, Axis.FIT), strict=True)
    ]


def band_spans(definition: Definition, axis: str) -> list[str]:
    """38 to 50, 25 to 37, 13 to 24, 0 to 12."""
    bounds = definition.fit_limits if axis == Axis.FIT else definition.engagement_limits
    tops = [definition.axis_limit, *(bound - 1 for bound in bounds)]
    return [f"{low} to {high}" for low, high in zip([*bounds, 0], tops, strict=True)]


def handed_off(definition: Definition) -> str:
    """Hot and Warm; empty where no label is handed to sales."""
    return " and ".join(Label(label).label for label in definition.handoff_labels)
