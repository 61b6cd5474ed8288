"""Rules in the words of the people who write them."""

from typing import Any

from leads.conditions import ConditionError, parse
from leads.conditions.describe import describe
from leads.conditions.vocabulary import Vocabulary
from leads.templatetags.ui import signed
from scoring.engine.definition import CriterionRule
from scoring.models import Counting, Criterion


def condition_sentence(condition: Any, vocabulary: Vocabulary) -> str:
    """The condition as a sentence; where it can no longer be read, why not."""
    if condition is None:
        return "Every lead"
    try:
        return describe(parse(condition), vocabulary)
    except ConditionError as error:
        return f"Cannot be read: {error}"


def worth(rule: Criterion | CriterionRule) -> str:
    """+10 for each event, halving every 30 days, at most 25."""
    how = manner(rule)
    return f"{signed(rule.points)}{' ' if how.startswith('for') else ', ' if how else ''}{how}"


def manner(rule: Criterion | CriterionRule) -> str:
    """How the points are given: "for each event, halving every 30 days, at most 25"; empty for once and no more."""
    parts = [_EACH[rule.counting]] if rule.counting in _EACH else []
    if rule.counting == Counting.HALF_LIFE:
        parts.append(f"halving every {rule.days} days")
    if rule.counting == Counting.LINEAR:
        parts.append(f"fading over {rule.days} days")
    if rule.at_most is not None and rule.counting != Counting.ONCE:
        parts.append(f"{'at most' if rule.points >= 0 else 'no lower than'} {signed(rule.at_most).removeprefix('+')}")
    if rule.disqualifies:
        parts.append("disqualifies")
    return ", ".join(parts)


_EACH: dict[str, str] = {
    Counting.EACH: "for each event",
    Counting.EACH_DAY: "for each day with such an event",
    Counting.HALF_LIFE: "for each event",
    Counting.LINEAR: "for each event",
}


def limits(cap: int | None, floor: int | None) -> str:
    """at most 20, at least −5; empty without limits."""
    parts = [f"at most {signed(cap).removeprefix('+')}"] if cap is not None else []
    parts += [f"at least {signed(floor).removeprefix('+')}"] if floor is not None else []
    return ", ".join(parts)
