"""What would make this lead Hot? The smallest sets of criteria, not met yet, that reach a label.

Conditions are asked by SQL (scoring/evidence.py); what points add up to is arithmetic (scoring/arithmetic.py). A
criterion is a step where the lead could still do what it asks (act), or where a fact it asks is not known (learn). What
is known to be otherwise is no step: a manager does not become a VP by being asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np

from leads.conditions import ConditionError, parse
from leads.conditions.grammar import All, EventTest, FieldTest, Node, tests
from leads.conditions.vocabulary import Vocabulary
from leads.enums import Label
from leads.models import Standing
from scoring.arithmetic import LABELS, Standings, Sum
from scoring.engine.definition import CriterionRule, Definition, load
from scoring.engine.expressions import MOST
from scoring.evidence import evidence_for
from scoring.models import Counting, Version
from scoring.sentences import condition_sentence, worth

ACT, LEARN = "act", "learn"
BEST = (Label.HOT, Label.WARM, Label.COOL, Label.COLD)
TOGETHER = 3  # criteria in a set at most
OPTIONS = 60  # the steps of most effect that are put together
WAYS, NEAREST = 5, 8
REPEATS = 5  # further events of one kind that are thought of


@dataclass(frozen=True)
class Step:
    """A criterion that could give more. `points`: by itself; `gain`: what of it arrives in the score after all limits.

    `times`: further events it takes, 0 for a fact. `unknown`: what would have to be learnt, in words.
    """

    place: int
    name: str
    group: str
    axis: str
    kind: str
    sentence: str
    worth: str
    points: int
    times: int = 0
    unknown: tuple[str, ...] = ()
    gain: int = 0


@dataclass(frozen=True)
class Way:
    """Steps that together reach the label, and where the lead would stand then."""

    steps: tuple[Step, ...]
    fit: int
    engagement: int
    label: str

    @property
    def total(self) -> int:
        return self.fit + self.engagement


@dataclass(frozen=True)
class WhatIf:
    """`reached`: it has the label, or a better one. `barred`: criteria that disqualify it, so that no points help.

    `nearest`: single steps by what they bring. `otherwise`: criteria that ask for what is known to be otherwise.
    """

    target: str
    label: str
    reached: bool
    barred: list[str] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)
    nearest: list[Step] = field(default_factory=list)
    otherwise: list[str] = field(default_factory=list)


def what_if(standing: Standing, target: str = Label.HOT) -> WhatIf | None:
    """None: the lead is not scored. By the score alone: a label set by hand is another matter. Seven queries."""
    if standing.version is None or standing.as_of is None:
        return None
    definition = load(Version.objects.get(pk=standing.version).definition)
    search = _Search(definition, standing.points)
    label = standing.automatic_label or standing.label
    facts = _Facts(definition, standing)
    if barred := facts.barred():
        return WhatIf(target, label, reached=False, barred=barred)
    if BEST.index(Label(label)) <= BEST.index(Label(target)):
        return WhatIf(target, label, reached=True)
    steps, otherwise = facts.steps()
    return WhatIf(target, label, False, [], search.ways(steps, target), search.nearest(steps), otherwise)


# --- Which criteria could give more ------------------------------------------------------------------


class _Facts:
    """What the lead's facts say about each criterion."""

    def __init__(self, definition: Definition, standing: Standing):
        self.definition, self.points = definition, standing.points
        self.vocabulary = Vocabulary.load()
        nodes = {i: node for i, rule in enumerate(definition.criteria) if (node := self._node(rule))}
        self.parts = {i: _parts(node) for i, node in nodes.items()}
        asked: dict[str, Any] = {}
        for i, rule in enumerate(definition.criteria):
            for data in _data_parts(rule.condition) if i in nodes else []:
                asked.setdefault(_key(data), data)
        self.fields = {test.field for parts in self.parts.values() for part in parts for test in _fields(part)}
        asked |= {name: {"field": name, "op": "known"} for name in self.fields}
        found = evidence_for(standing.pk, list(asked.values()), standing.as_of)  # type: ignore[arg-type]
        self.holds = {key: evidence.holds for key, evidence in zip(asked, found, strict=True)}

    def _node(self, rule: CriterionRule) -> Node | None:
        try:
            node = parse(rule.condition)
            self.vocabulary.check(node)
        except ConditionError:
            return None
        return node

    def barred(self) -> list[str]:
        return [
            rule.name for i, rule in enumerate(self.definition.criteria)
            if rule.disqualifies and i in self.parts and all(self._met(rule))
        ]  # fmt: skip

    def _met(self, rule: CriterionRule) -> list[bool]:
        return [self.holds[_key(data)] for data in _data_parts(rule.condition)]

    def steps(self) -> tuple[list[Step], list[str]]:
        """Possible steps, several for a criterion whose events count one by one; and names of what is otherwise."""
        steps: list[Step] = []
        otherwise = []
        for i, rule in enumerate(self.definition.criteria):
            if rule.points <= 0 or i not in self.parts or self.points[i] >= _most(rule):
                continue
            found = list(self._of(i, rule))
            steps += found
            otherwise += [] if found else [rule.name]
        return steps, otherwise

    def _of(self, place: int, rule: CriterionRule) -> Iterator[Step]:
        missing = [part for part, met in zip(self.parts[place], self._met(rule), strict=True) if not met]
        unknown: list[str] = []
        events = [test for part in missing for test in tests(part) if isinstance(test, EventTest)]
        for part in missing:
            lacking = [test.field for test in _fields(part) if not self.holds[test.field]]
            if not lacking and not any(isinstance(test, EventTest) for test in tests(part)):
                return  # known, and otherwise
            unknown += lacking
        if any(test.question not in ("at_least", "first_within") or not test.number for test in events):
            return  # only time would bring it about
        group = self.definition.groups[rule.group]
        labels = tuple(dict.fromkeys(self.vocabulary.term(name).label for name in unknown))
        step = Step(
            place, rule.name, group.name, group.axis, LEARN if unknown and not events else ACT,
            condition_sentence(rule.condition, self.vocabulary), worth(rule), 0, unknown=labels,
        )  # fmt: skip
        yield from self._amounts(step, rule, events)

    def _amounts(self, step: Step, rule: CriterionRule, events: list[EventTest]) -> Iterator[Step]:
        now, most = self.points[step.place], _most(rule)
        if rule.counting == Counting.ONCE:
            needed = max((test.number for test in events), default=0) if events else 0
            yield replace(step, points=rule.points - now, times=needed)
            return
        first = max((test.number for test in events), default=1) if not now else 1
        for times in range(first, first + REPEATS):
            points = min(most, now + times * rule.points) - now
            yield replace(step, points=points, times=times, kind=ACT)
            if now + points >= most:
                return


def _most(rule: CriterionRule) -> int:
    return rule.points if rule.counting == Counting.ONCE else min(rule.at_most or MOST, MOST)


def _parts(node: Node) -> tuple[Node, ...]:
    return node.parts if isinstance(node, All) else (node,)


def _data_parts(condition: Any) -> list[Any]:
    """The same parts, as data."""
    return condition.get("all", [condition])


def _fields(node: Node) -> list[FieldTest]:
    return [test for test in tests(node) if isinstance(test, FieldTest)]


def _key(data: Any) -> str:
    return repr(data)


# --- Which of them together reach the label ----------------------------------------------------------


class _Search:
    def __init__(self, definition: Definition, points: list[int]):
        self.definition = definition
        self.now = np.array(points[: len(definition.criteria)], np.int32)
        self.before = self._standings([()])

    def _standings(self, sets: list[tuple[Step, ...]]) -> Standings:
        rows = np.tile(self.now, (len(sets), 1))
        for row, steps in enumerate(sets):
            for step in steps:
                rows[row, step.place] += step.points
        return Sum(self.definition, rows, np.zeros(len(sets), bool)).standings()

    def nearest(self, steps: list[Step]) -> list[Step]:
        """One step of each criterion, the smallest, by what it brings; facts first where it is the same."""
        smallest = {step.place: step for step in reversed(steps)}
        told = self._gains(list(smallest.values()))
        return sorted(told, key=lambda step: (-step.gain, step.kind != LEARN, step.place))[:NEAREST]

    def _gains(self, steps: list[Step]) -> list[Step]:
        if not steps:
            return []
        gains = self._standings([(step,) for step in steps]).totals - self.before.totals[0]
        return [replace(step, gain=int(gain)) for step, gain in zip(steps, gains, strict=True)]

    def ways(self, steps: list[Step], target: str) -> list[Way]:
        """The smallest sets, of those the ones that take the fewest events. None is there of which a part would
        do with no more events.
        """
        useful = sorted((s for s in self._gains(steps) if s.gain > 0), key=lambda s: (-s.gain, s.times))[:OPTIONS]
        found: list[Way] = []
        for size in range(1, TOGETHER + 1):
            known = [({step.place for step in way.steps}, _effort(way.steps)[0]) for way in found]
            sets = [
                chosen for chosen in combinations(useful, size)
                if _apart(chosen) and not any(_part_of(places, times, chosen) for places, times in known)
            ]  # fmt: skip
            found += self._reaching(sets, target) if sets else []
        return found[:WAYS]

    def _reaching(self, sets: list[tuple[Step, ...]], target: str) -> list[Way]:
        """One way for the same facts and deeds: of several things a fact could turn out to be, the least that does."""
        after = self._standings(sets)
        enough = np.isin(after.labels, [LABELS.index(label) for label in BEST[: BEST.index(Label(target)) + 1]])
        best: dict[frozenset[object], Way] = {}
        for row in sorted(np.flatnonzero(enough), key=lambda row: _effort(sets[row])):
            way = Way(_ordered(sets[row]), int(after.fit[row]), int(after.engagement[row]), LABELS[after.labels[row]])
            best.setdefault(frozenset(step.unknown or step.place for step in sets[row]), way)
        return list(best.values())


def _apart(steps: tuple[Step, ...]) -> bool:
    """Each criterion once, and a fact learnt once: seniority cannot turn out to be two things."""
    unknown = [name for step in steps for name in step.unknown]
    return len({step.place for step in steps}) == len(steps) and len(set(unknown)) == len(unknown)


def _part_of(places: set[int], times: int, steps: tuple[Step, ...]) -> bool:
    return places <= {step.place for step in steps} and times <= _effort(steps)[0]


def _ordered(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(sorted(steps, key=lambda step: (step.kind != LEARN, step.place)))


def _effort(steps: tuple[Step, ...]) -> tuple[int, int, int]:
    return sum(step.times for step in steps), sum(step.points for step in steps), steps[0].place
