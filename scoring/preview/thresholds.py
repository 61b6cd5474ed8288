"""Where Hot begins: what each choice costs and gains."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from leads.enums import Label
from scoring.backtest import Backtest
from scoring.engine.definition import Definition
from scoring.preview.weekly import Week, is_hot, per_week

MOST = 26  # choices


@dataclass(frozen=True)
class Choice:
    """Hot beginning at so many engagement points. `customers` of `of` in the backtest would have been Hot; None where
    too few outcomes are known."""

    limit: int
    hot_per_week: float
    customers: int | None
    of: int | None


def threshold_of(definition: Definition) -> int | None:
    """Which of the three limits of engagement decides who is only just Hot; None where none does."""
    digits = [int(grade[1]) for grade, label in definition.labels.items() if label == Label.HOT]
    return max(digits) - 1 if digits and max(digits) < 4 else None


def with_limit(definition: Definition, limit: int) -> Definition:
    """The definition with Hot beginning there."""
    place, limits = threshold_of(definition), list(definition.engagement_limits)
    assert place is not None
    limits[place] = limit
    return replace(definition, engagement_limits=tuple(limits))


def choices(definition: Definition, place: int, weeks: Sequence[Week], proven: Backtest) -> list[Choice]:
    """Every place between the neighbouring limits, or so many of them that a page can show; the present one is there.

    `place` is the definition's among those of the weeks and of the backtest.
    """
    at = threshold_of(definition)
    if at is None:
        return []
    return [_choice(with_limit(definition, limit), limit, place, weeks, proven) for limit in _limits(definition, at)]


def _limits(definition: Definition, at: int) -> list[int]:
    limits = definition.engagement_limits
    lowest = limits[at + 1] + 1 if at < 2 else 1
    highest = limits[at - 1] - 1 if at else definition.axis_limit
    step = ceil((highest - lowest + 1) / MOST)
    return sorted({*range(lowest, highest + 1, step), limits[at]})


def _choice(definition: Definition, limit: int, place: int, weeks: Sequence[Week], proven: Backtest) -> Choice:
    volume = per_week(weeks, place, definition)
    if not proven.pasts:
        return Choice(limit, volume, None, None)
    past, won = proven.pasts[place], proven.outcomes
    hot = is_hot(definition, past.fit, past.engagement) & (past.labels != Label.DISQUALIFIED)
    return Choice(limit, volume, int((hot & won).sum()), int(won.sum()))
