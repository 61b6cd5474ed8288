"""An idea that past leads speak for becomes an edit: what it says, what it changes, and what it would do."""

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leads.conditions.describe import describe
from leads.conditions.grammar import parse
from leads.conditions.vocabulary import Vocabulary
from leads.enums import Axis, Label
from scoring.accuracy import AucGain, auc_gain
from scoring.arithmetic import LABELS, Standings, Sum
from scoring.engine.definition import CriterionRule, Definition, GroupRule
from scoring.models import Suggestion
from scoring.suggestions.cases import Cases
from scoring.suggestions.ideas import Idea, but_not
from scoring.suggestions.weighing import Change

GROUPS = {Axis.FIT: "Found in outcomes: who they are", Axis.ENGAGEMENT: "Found in outcomes: what they did"}
EVERY = ("points", "condition", "at_most", "active")  # what an edit may change of a criterion


@dataclass(frozen=True)
class Edit:
    """`change` is what to write into the draft, `before` what must stand there until then."""

    idea: Idea
    kind: str
    key: str
    name: str
    words: str
    change: dict[str, Any]
    before: dict[str, Any] | None = None


def edit_of(idea: Idea, definition: Definition, change: Change, vocabulary: Vocabulary) -> Edit | None:
    """None where what past leads say leads to no other rule."""
    if idea.kind == Suggestion.NEW:
        return _new(idea, definition, change, vocabulary)
    assert idea.place is not None
    rule = definition.criteria[idea.place]
    if idea.kind == Suggestion.POINTS:
        return _points(idea, definition, rule, change)
    wanted = np.sign(change.points) == np.sign(rule.points)  # they should have points, too
    half = abs(change.points) >= abs(rule.points) / 2
    if idea.kind == Suggestion.EXTRA:
        return _extra(idea, rule, vocabulary) if half and not wanted else None
    return _cut_off(idea, rule, vocabulary) if half and wanted == _wider(idea, rule) else None


def before_of(rule: CriterionRule) -> dict[str, Any]:
    return {"points": rule.points, "condition": rule.condition, "at_most": rule.at_most, "active": True}


def _points(idea: Idea, definition: Definition, rule: CriterionRule, change: Change) -> Edit | None:
    group, most = definition.groups[rule.group], definition.axis_limit
    low, high = -most if group.floor is None else group.floor, most if group.cap is None else group.cap
    points = int(np.clip(round(rule.points + change.points), min(low, rule.points), max(high, rule.points)))
    if points == rule.points:
        return None
    if points * rule.points <= 0:
        words = f"Switch off “{rule.name}”: it does not speak for {rule.points:+d} points"
        return Edit(idea, Suggestion.REMOVAL, f"points:{rule.id}", rule.name, words, {"active": False}, before_of(rule))
    at_most = None if rule.at_most is None else round(rule.at_most * points / rule.points)
    words = f"Give “{rule.name}” {_told(points)} instead of {_told(rule.points)}"
    changed = {"points": points} | ({"at_most": at_most} if at_most is not None else {})
    return Edit(idea, Suggestion.POINTS, f"points:{rule.id}", rule.name, words, changed, before_of(rule))


def _extra(idea: Idea, rule: CriterionRule, vocabulary: Vocabulary) -> Edit:
    assert idea.candidate is not None
    said = describe(parse(idea.candidate.condition), vocabulary)
    key = f"extra:{rule.id}:{_digest(idea.candidate.condition)}"
    words = f"Do not count “{rule.name}” where {said}"
    return Edit(idea, Suggestion.EXTRA, key, rule.name, words[:300],
                {"condition": but_not(rule, idea.candidate)}, before_of(rule))  # fmt: skip


def _wider(idea: Idea, rule: CriterionRule) -> bool:
    """Whether the other cut takes in more leads."""
    assert idea.candidate is not None and idea.candidate.low is not None
    now = rule.condition.get("value", rule.condition.get("at_least", 1))
    return float(idea.candidate.low) < float(now)


def _cut_off(idea: Idea, rule: CriterionRule, vocabulary: Vocabulary) -> Edit:
    assert idea.candidate is not None
    said, was = (describe(parse(one), vocabulary) for one in (idea.candidate.condition, rule.condition))
    words = f"Let “{rule.name}” ask: {said} (now: {was})"
    return Edit(idea, Suggestion.CUT_OFF, f"cut_off:{rule.id}", rule.name, words[:300],
                {"condition": idea.candidate.condition}, before_of(rule))  # fmt: skip


def _new(idea: Idea, definition: Definition, change: Change, vocabulary: Vocabulary) -> Edit | None:
    assert idea.candidate is not None
    most = definition.axis_limit // 2
    points = int(np.clip(round(change.points), -most, most))
    if not points:
        return None
    name = describe(parse(idea.candidate.condition), vocabulary)[:120]
    axis = Axis.FIT if idea.candidate.of_field else Axis.ENGAGEMENT
    made = {"name": name, "condition": idea.candidate.condition, "points": points, "axis": str(axis)}
    return Edit(idea, Suggestion.NEW, f"new:{_digest(idea.candidate.subject)}", name,
                f"A new criterion with {_told(points)}: {name}"[:300], made)  # fmt: skip


def _told(points: int) -> str:
    return f"{points:+d} point{'' if abs(points) == 1 else 's'}".replace("-", "−")


def _digest(asked: Any) -> str:
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]


# --- What it would do --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Effect:
    """`gain` of AUC on the past leads; Hot leads of `leads` there are today, before and after."""

    gain: AucGain | None
    hot_before: int
    hot_after: int
    leads: int


def effect(edit: Edit, definition: Definition, cases: Cases, today: Cases) -> Effect:
    """By addition alone (scoring/arithmetic.py): no lead is asked again."""
    before, after = _standings(definition, cases.points, cases), edited(edit, definition, cases)
    now, then = _standings(definition, today.points, today), edited(edit, definition, today)
    scale = today.stands_for / max(len(today), 1)
    return Effect(
        auc_gain(before.totals, after.totals, cases.won), round(_hot(now) * scale), round(_hot(then) * scale),
        today.stands_for,
    )  # fmt: skip


def _standings(definition: Definition, points: NDArray[Any], cases: Cases) -> Standings:
    return Sum(definition, points, cases.barred).standings()


def _hot(standings: Standings) -> int:
    return int((standings.labels == LABELS.index(Label.HOT)).sum())


def edited(edit: Edit, definition: Definition, cases: Cases) -> Standings:
    points, place = cases.points.astype(float), edit.idea.place
    if place is None:
        definition = _with_new(definition, edit.change)
        points = np.column_stack([points, edit.change["points"] * edit.idea.column(definition, cases)])
    elif edit.kind == Suggestion.REMOVAL:
        points[:, place] = 0
    elif edit.kind == Suggestion.POINTS:
        points[:, place] *= edit.change["points"] / definition.criteria[place].points
    elif edit.kind == Suggestion.EXTRA:
        points[edit.idea.column(definition, cases) != 0, place] = 0
    else:
        moved = edit.idea.between(cases)
        points[moved, place] = definition.criteria[place].points - points[moved, place]
    return _standings(definition, np.rint(points).astype(np.int32), cases)


def _with_new(definition: Definition, change: dict[str, Any]) -> Definition:
    group = GroupRule(GROUPS[Axis(change["axis"])], change["axis"], None, None)
    rule = CriterionRule(0, change["name"], len(definition.groups), change["condition"], change["points"])
    return replace(definition, groups=(*definition.groups, group), criteria=(*definition.criteria, rule))
