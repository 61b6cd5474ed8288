"""What one definition of a model says differently from another, in sentences."""

from collections.abc import Iterator
from dataclasses import dataclass

from leads.conditions.vocabulary import Vocabulary
from leads.enums import Label
from scoring.engine.definition import CriterionRule, Definition
from scoring.models.scoring_model import GRADES
from scoring.sentences import condition_sentence, limits, worth

NEW, REMOVED, CHANGED = "new", "removed", "changed"


@dataclass(frozen=True)
class Difference:
    """`before` and `after` are what was and what will be; empty where there was or will be nothing."""

    kind: str
    name: str
    place: str
    before: str = ""
    after: str = ""


def differences(old: Definition | None, new: Definition, vocabulary: Vocabulary) -> list[Difference]:
    """Criteria in reading order, then removed ones, then groups, bands and audience. Without an old one all is new."""
    if old is None:
        return [Difference(NEW, rule.name, _group(new, rule), after=_told(rule, vocabulary)) for rule in new.criteria]
    return [*_criteria(old, new, vocabulary), *_groups(old, new), *_model(old, new, vocabulary)]


def _criteria(old: Definition, new: Definition, vocabulary: Vocabulary) -> Iterator[Difference]:
    before = {rule.id: rule for rule in old.criteria}
    for rule in new.criteria:
        was = before.pop(rule.id, None)
        if was is None:
            yield Difference(NEW, rule.name, _group(new, rule), after=_told(rule, vocabulary))
            continue
        for left, right in _pairs(old, was, new, rule, vocabulary):
            if left != right:
                yield Difference(CHANGED, rule.name, _group(new, rule), left, right)
    for rule in before.values():
        yield Difference(REMOVED, rule.name, _group(old, rule), before=_told(rule, vocabulary))


def _pairs(
    old: Definition, was: CriterionRule, new: Definition, now: CriterionRule, vocabulary: Vocabulary
) -> Iterator[tuple[str, str]]:
    yield was.name, now.name
    yield worth(was), worth(now)
    if was.condition != now.condition:
        yield condition_sentence(was.condition, vocabulary), condition_sentence(now.condition, vocabulary)
    yield f"in {_group(old, was)}", f"in {_group(new, now)}"


def _groups(old: Definition, new: Definition) -> Iterator[Difference]:
    before = {(group.axis, group.name): limits(group.cap, group.floor) or "no limit" for group in old.groups}
    for group in new.groups:
        now = limits(group.cap, group.floor) or "no limit"
        was = before.get((group.axis, group.name), now)
        if was != now:
            yield Difference(CHANGED, f"Limit of {group.name}", "Group", was, now)


def _model(old: Definition, new: Definition, vocabulary: Vocabulary) -> Iterator[Difference]:
    pairs = [
        ("Audience", condition_sentence(old.audience, vocabulary), condition_sentence(new.audience, vocabulary)),
        ("Most points of an axis", str(old.axis_limit), str(new.axis_limit)),
        ("Fit for A, B, C", _listed(old.fit_limits), _listed(new.fit_limits)),
        ("Engagement for 1, 2, 3", _listed(old.engagement_limits), _listed(new.engagement_limits)),
        ("Labels handed to sales", _labels(old.handoff_labels), _labels(new.handoff_labels)),
    ]
    pairs += [(f"Label of {grade}", _labels([old.labels[grade]]), _labels([new.labels[grade]])) for grade in GRADES]
    for name, was, now in pairs:
        if was != now:
            yield Difference(CHANGED, name, "Model", was, now)


def _told(rule: CriterionRule, vocabulary: Vocabulary) -> str:
    return f"{condition_sentence(rule.condition, vocabulary)}: {worth(rule)}"


def _group(definition: Definition, rule: CriterionRule) -> str:
    return definition.groups[rule.group].name


def _listed(limits: tuple[int, ...]) -> str:
    return ", ".join(str(limit) for limit in limits)


def _labels(labels: tuple[str, ...] | list[str]) -> str:
    return ", ".join(Label(label).label for label in labels) or "none"
