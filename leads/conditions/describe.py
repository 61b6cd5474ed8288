"""Tree → sentence, in the words people use."""

from datetime import date
from decimal import Decimal
from typing import Any

from leads.conditions.grammar import All, AnyOf, EventTest, FieldTest, Node, Not, PropertyTest
from leads.conditions.operators import OPERATORS, Operator
from leads.conditions.vocabulary import ANY_KIND, Vocabulary


def describe(node: Node, vocabulary: Vocabulary) -> str:
    """The condition as a sentence without a full stop: "Job title contains “VP” and Employees is at least 200"."""
    sentence = _node(node, vocabulary, outer=True)
    return sentence[:1].upper() + sentence[1:]


def _node(node: Node, vocabulary: Vocabulary, *, outer: bool = False) -> str:
    match node:
        case All(parts) | AnyOf(parts):
            word = " and " if isinstance(node, All) else " or "
            sentence = word.join(_node(part, vocabulary) for part in parts)
            return sentence if outer or len(parts) == 1 else f"({sentence})"
        case Not(part):
            return f"not ({_node(part, vocabulary, outer=True)})"
        case FieldTest(field, op, value):
            term = vocabulary.terms.get(field)
            choices = dict(term.choices) if term else {}
            return _test(term.label if term else field, OPERATORS[op], value, choices)
        case EventTest():
            return _event(node, vocabulary)


def _test(label: str, operator: Operator, value: Any, choices: dict[str, str]) -> str:
    words = f"{label} {operator.label}"
    match operator.takes:
        case "nothing":
            return words
        case "days":
            return words.replace("…", _days(value))
        case "range":
            return f"{words} {_said(value[0], choices)} and {_said(value[1], choices)}"
        case "many":
            return f"{words} {' or '.join(_said(item, choices) for item in value)}"
    if isinstance(value, bool):
        return f"{label} is {'yes' if value else 'no'}"
    return f"{words} {_said(value, choices)}"


def _event(test: EventTest, vocabulary: Vocabulary) -> str:
    did = "did anything" if test.kind == ANY_KIND else vocabulary.kinds.get(test.kind, (0, test.kind))[1]
    if test.where:
        did += " where " + " and ".join(_property(question) for question in test.where)
    window = f" in the last {_days(test.days)}" if test.days else ""
    match test.question, test.number:
        case "at_least", 1:
            return f"{did}{window}"
        case "at_least", number:
            return f"{did} at least {number} times{window}"
        case "at_most", 0:
            return f"never {did}{window}"
        case "at_most", number:
            return f"{did} at most {_times(number)}{window}"
        case "first_within", number:
            return f"{did} for the first time in the last {_days(number)}"
        case _, number:
            return f"{did} for the last time at least {_days(number)} ago"


def _property(test: PropertyTest) -> str:
    return _test(test.property.replace("_", " "), OPERATORS[test.op], test.value, {})


def _said(value: Any, choices: dict[str, str]) -> str:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, date):
        return value.isoformat()
    return f"“{choices.get(str(value), value)}”"


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number:,} days"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
