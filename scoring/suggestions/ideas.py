"""Which edits of a draft could be made at all, each with the column of leads whose outcome speaks for or against it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leads.conditions.grammar import parse
from scoring.engine.definition import CriterionRule, Definition, driver
from scoring.models import Counting, Suggestion
from scoring.suggestions.candidates import Candidate, candidates, other_cuts
from scoring.suggestions.cases import Cases
from scoring.suggestions.weighing import Floats

ALIKE = 0.6  # a new condition that goes with a criterion so closely (phi) says nothing new


@dataclass(frozen=True)
class Idea:
    """`place` is the criterion's in the definition; `candidate` the condition that comes in."""

    kind: str
    place: int | None = None
    candidate: Candidate | None = None

    def column(self, definition: Definition, cases: Cases) -> Floats:
        """1 for the leads it is about; for points of a criterion how often it gave them."""
        if self.place is None:
            return self._met(cases).astype(float)
        given = cases.points[:, self.place]
        if self.kind == Suggestion.POINTS:
            return given / definition.criteria[self.place].points
        if self.kind == Suggestion.EXTRA:
            return ((given != 0) & self._met(cases)).astype(float)
        return self.between(cases).astype(float)

    def between(self, cases: Cases) -> NDArray[np.bool_]:
        """Of a cut-off: the leads that one cut takes in and the other leaves out."""
        return (cases.points[:, self.place] != 0) != self._met(cases)

    def _met(self, cases: Cases) -> NDArray[np.bool_]:
        assert self.candidate is not None
        return self.candidate.meets(cases.table)


def written(definition: Definition) -> list[Idea]:
    """Of each criterion its points."""
    return [Idea(Suggestion.POINTS, place) for place, rule in _weighable(definition)]


def searched(definition: Definition, cases: Cases) -> list[Idea]:
    """Other cut-offs, extra conditions and new criteria."""
    pool = candidates(cases)
    return [*_cut_offs(definition, cases), *_extras(definition, pool), *_new(cases, pool)]


def _weighable(definition: Definition) -> Iterator[tuple[int, CriterionRule]]:
    for place, rule in enumerate(definition.criteria):
        if rule.points and not rule.disqualifies:
            yield place, rule


def _cut_offs(definition: Definition, cases: Cases) -> Iterator[Idea]:
    for place, rule in _weighable(definition):
        if rule.counting == Counting.ONCE:
            for one in other_cuts(rule.condition, cases):
                yield Idea(Suggestion.CUT_OFF, place, one)


def _extras(definition: Definition, pool: list[Candidate]) -> Iterator[Idea]:
    """Not where …: of values of fields only, which a person would think of."""
    words = [one for one in pool if one.word is not None]
    for place, rule in _weighable(definition):
        for one in words:
            if rule.counting == Counting.ONCE or _still_counts(rule, one):
                yield Idea(Suggestion.EXTRA, place, one)


def but_not(rule: CriterionRule, candidate: Candidate) -> dict[str, object]:
    """The condition of the criterion, and not that of the candidate."""
    parts = rule.condition.get("all", [rule.condition])
    return {"all": [*parts, {"not": candidate.condition}]}


def _still_counts(rule: CriterionRule, candidate: Candidate) -> bool:
    try:
        driver(parse(but_not(rule, candidate)))
    except ValueError:
        return False
    return True


def _new(cases: Cases, pool: list[Candidate]) -> Iterator[Idea]:
    have = (cases.points != 0).astype(float)
    for one in pool:
        if not _said_already(one.meets(cases.table).astype(float), have):
            yield Idea(Suggestion.NEW, candidate=one)


def _said_already(column: Floats, have: Floats) -> bool:
    centred, others = column - column.mean(), have - have.mean(axis=0)
    sizes = np.sqrt((centred**2).sum() * (others**2).sum(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        return bool(np.nanmax(np.append(np.abs(centred @ others) / sizes, 0.0)) >= ALIKE)
