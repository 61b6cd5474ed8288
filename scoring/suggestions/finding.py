"""The suggestions for a draft: every idea weighed on customers and on sales' answers, the believed ones made edits."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from leads.conditions.vocabulary import Vocabulary
from leads.statistics import Rate, difference
from scoring.engine.definition import Definition
from scoring.models import Suggestion
from scoring.sample import Question
from scoring.simplify import FLAT
from scoring.suggestions.cases import Cases, handoff_cases, todays_cases, won_cases
from scoring.suggestions.edits import Edit, Effect, edit_of, effect
from scoring.suggestions.ideas import Idea, searched, written
from scoring.suggestions.reasons import misled, spoken
from scoring.suggestions.weighing import Scale, Weighed, believed

ASKED = (180, 90, 60)  # days to become a customer; the longest for which enough is known
SIMPLER = 0.002  # of AUC: so much more must a condition gain than other points
MOST = 12  # suggestions at once, the best first


@dataclass(frozen=True)
class Suggested:
    """An edit with its evidence as plain data. `strength`: the gain of AUC."""

    edit: Edit
    evidence: dict[str, Any]
    strength: float


@dataclass(frozen=True)
class Found:
    """`figures`: the cases, how many comparisons were made, and which reasons speak about which criterion."""

    suggested: list[Suggested]
    figures: dict[str, Any]


@dataclass
class _Asked:
    """The cases of one outcome with what was weighed on them, written ideas first."""

    cases: Cases
    scale: Scale
    ideas: list[list[Idea]]
    weighed: list[list[Weighed]] = field(default_factory=list)


def find(definition: Definition, now: datetime) -> Found:
    """Reads about 45,000 past leads at most; writes nothing."""
    question, won = _won(definition, now)
    answers = handoff_cases(definition, now)
    asked = [_asked(definition, cases) for cases in (won, answers) if cases.enough]
    figures: dict[str, Any] = {
        "within": question.within, "won": _count(won), "accepted": _count(answers),
        "compared": sum(one.p is not None for its in asked for family in its.weighed for one in family),
        "reasons": [one.as_data() for one in spoken(definition, answers)],
        "misled": misled(definition, answers),
    }  # fmt: skip
    if not asked:
        return Found([], figures)
    today, vocabulary = todays_cases(definition, now), Vocabulary.load()
    edits = list(_edits(asked, definition, vocabulary))
    told = [_told(edit, its, weighed, definition, asked, today) for edit, its, weighed in edits]
    named = {one["criterion"]: one["times"] for one in figures["misled"]}
    for one in told:
        criterion = _criterion(one.edit, definition)
        one.evidence["reasons"] = [row for row in figures["reasons"] if row["criterion"] == criterion]
        one.evidence["misled"] = named.get(criterion or 0, 0)
    return Found(_best(told), figures)


def _won(definition: Definition, now: datetime) -> tuple[Question, Cases]:
    for within in ASKED:
        question = Question(within=within)
        cases = won_cases(definition, now, question)
        if cases.won.sum() >= 40 and len(cases) >= 200:
            break
    return question, cases


def _count(cases: Cases) -> list[int]:
    return [int(cases.won.sum()), len(cases)]


def _asked(definition: Definition, cases: Cases) -> _Asked:
    found = _Asked(
        cases, Scale(cases.totals(definition), cases.won), [written(definition), searched(definition, cases)]
    )
    for ideas in found.ideas:
        columns = [idea.column(definition, cases) for idea in ideas]
        found.weighed.append(found.scale.weigh(np.column_stack(columns)) if columns else [])
    return found


def _edits(
    asked: list[_Asked], definition: Definition, vocabulary: Vocabulary
) -> Iterator[tuple[Edit, _Asked, Weighed]]:
    """Both outcomes are compared at once, so that asking two does not find twice as much by chance."""
    families = [[one for its in asked for one in its.weighed[family]] for family in (0, 1)]
    sure = [iter(answers) for answers in believed(families)]
    for its in asked:
        for family, ideas in enumerate(its.ideas):
            for idea, weighed in zip(ideas, its.weighed[family], strict=True):
                if next(sure[family]):
                    change = its.scale.change(idea.column(definition, its.cases))
                    if edit := edit_of(idea, definition, change, vocabulary):
                        yield edit, its, weighed


def _told(
    edit: Edit, its: _Asked, weighed: Weighed, definition: Definition, asked: list[_Asked], today: Cases
) -> Suggested:
    would = effect(edit, definition, its.cases, today)
    sides = [_sides(edit.idea, one.cases, definition) for one in asked]
    evidence = next(side for side in sides if side["outcome"] == its.cases.outcome) | {
        "expected": weighed.expected, "p": weighed.p, "others": [s for s in sides if s["outcome"] != its.cases.outcome],
    }  # fmt: skip
    return Suggested(edit, evidence | _would(would), would.gain.value if would.gain else 0.0)


def _sides(idea: Idea, cases: Cases, definition: Definition) -> dict[str, Any]:
    """Those whom it is about, and the others: how many had the outcome."""
    have = idea.column(definition, cases) != 0
    one, other = (Rate(int(cases.won[side].sum()), int(side.sum())) for side in (have, ~have))
    interval = difference(one, other)
    return {
        "outcome": cases.outcome, "with": [one.k, one.n], "without": [other.k, other.n],
        "low": interval.low if interval else None, "high": interval.high if interval else None,
    }  # fmt: skip


def _would(would: Effect) -> dict[str, Any]:
    return {
        "gain": asdict(would.gain) if would.gain else None,
        "hot": [would.hot_before, would.hot_after], "leads": would.leads,
    }  # fmt: skip


def _criterion(edit: Edit, definition: Definition) -> int | None:
    return None if edit.idea.place is None else definition.criteria[edit.idea.place].id


def _best(told: list[Suggested]) -> list[Suggested]:
    """One edit of each criterion, and one new criterion of each field or kind of event: they often say the same thing
    in several ways. Only such as sort past leads better, or, switched off, no worse.
    """
    best: dict[Any, Suggested] = {}
    for one in sorted(told, key=lambda one: -_worth(one)):
        least = -FLAT if one.edit.kind == Suggestion.REMOVAL else FLAT
        if one.strength > least:
            best.setdefault(_subject(one.edit), one)
    return list(best.values())[:MOST]


def _worth(one: Suggested) -> float:
    """The gain of AUC; of two that gain alike the simpler edit."""
    simple = one.edit.kind in (Suggestion.POINTS, Suggestion.REMOVAL)
    return one.strength + SIMPLER * simple


def _subject(edit: Edit) -> Any:
    return edit.idea.place if edit.idea.place is not None else edit.key
