"""JSON ↔ tree. Only the shape is judged here; whether fields and values make sense: vocabulary.check().

    {"all": [C, …]}   {"any": [C, …]}   {"not": C}
    {"field": "title", "op": "contains", "value": "VP"}
    {"event": "page_viewed", "where": [{"property": "url", "op": "contains", "value": "/pricing"}],
     "at_least": 3, "days": 30}

An event test asks one question: at_least k, at_most k (k times within `days`, or ever), first_within n or last_before n
(days). Without one it asks at_least 1.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MAX_DEPTH = 8
MAX_TESTS = 60
QUESTIONS = ("at_least", "at_most", "first_within", "last_before")


class ConditionError(ValueError):
    """What is wrong, and at which place: "any.0.value: give a number"."""

    def __init__(self, message: str, path: tuple[str, ...] = ()):
        self.path, self.message = path, message
        super().__init__(f"{'.'.join(path)}: {message}" if path else message)


# Where a test stands in its condition; two tests are equal when they ask the same.
_PLACE: Any = field(default=(), compare=False)


@dataclass(frozen=True)
class All:
    parts: tuple["Node", ...]


@dataclass(frozen=True)
class AnyOf:
    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Not:
    part: "Node"


@dataclass(frozen=True)
class FieldTest:
    field: str
    op: str
    value: Any = None
    path: tuple[str, ...] = _PLACE


@dataclass(frozen=True)
class PropertyTest:
    property: str
    op: str
    value: Any = None
    path: tuple[str, ...] = _PLACE


@dataclass(frozen=True)
class EventTest:
    """`question` is one of QUESTIONS, `number` its k or n. days=None: ever."""

    kind: str
    where: tuple[PropertyTest, ...] = ()
    question: str = "at_least"
    number: int = 1
    days: int | None = None
    path: tuple[str, ...] = _PLACE


Node = All | AnyOf | Not | FieldTest | EventTest


def parse(data: Any) -> Node:
    """The tree of a condition. Raises ConditionError with the path of the first mistake."""
    node = _node(data, (), 1)
    if sum(1 for _ in tests(node)) > MAX_TESTS:
        raise ConditionError(f"a condition may have at most {MAX_TESTS} tests")
    return node


def tests(node: Node) -> Iterator[FieldTest | EventTest]:
    """The tests of a tree, in reading order."""
    match node:
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from tests(part)
        case Not(part):
            yield from tests(part)
        case FieldTest() | EventTest():
            yield node


def _node(data: Any, path: tuple[str, ...], depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise ConditionError(f"nested deeper than {MAX_DEPTH} levels", path)
    match data:
        case {"all": parts, **rest} if not rest:
            return All(_parts(parts, (*path, "all"), depth))
        case {"any": parts, **rest} if not rest:
            return AnyOf(_parts(parts, (*path, "any"), depth))
        case {"not": part, **rest} if not rest:
            return Not(_node(part, (*path, "not"), depth + 1))
        case {"field": str(name), "op": str(op), **rest} if rest.keys() <= {"value"}:
            return FieldTest(name, op, _frozen(rest.get("value"), path), path)
        case {"event": str(kind), **rest}:
            return _event(kind, {str(part): value for part, value in rest.items()}, path)
    raise ConditionError('expected {"all": […]}, {"any": […]}, {"not": …}, a field test or an event test', path)


def _parts(parts: Any, path: tuple[str, ...], depth: int) -> tuple[Node, ...]:
    if not isinstance(parts, list) or not parts:
        raise ConditionError("expected a list with at least one condition", path)
    return tuple(_node(part, (*path, str(i)), depth + 1) for i, part in enumerate(parts))


def _event(kind: str, rest: dict[str, Any], path: tuple[str, ...]) -> EventTest:
    if unknown := rest.keys() - {"where", "days", *QUESTIONS}:
        raise ConditionError(f"unknown part {sorted(unknown)[0]!r} of an event test", path)
    asked = [question for question in QUESTIONS if question in rest]
    if len(asked) > 1:
        raise ConditionError(f"ask one question, not both {asked[0]} and {asked[1]}", path)
    question = asked[0] if asked else "at_least"
    number = _whole(rest.get(question, 1), (*path, question), least=0 if question == "at_most" else 1)
    days = rest.get("days")
    if days is not None:
        if question in ("first_within", "last_before"):
            raise ConditionError(f"{question} already says the days", (*path, "days"))
        days = _whole(days, (*path, "days"), least=1)
    where = rest.get("where", [])
    if not isinstance(where, list):
        raise ConditionError("expected a list of property tests", (*path, "where"))
    properties = tuple(_property(test, (*path, "where", str(i))) for i, test in enumerate(where))
    return EventTest(kind, properties, question, number, days, path)


def _property(data: Any, path: tuple[str, ...]) -> PropertyTest:
    match data:
        case {"property": str(name), "op": str(op), **rest} if name and rest.keys() <= {"value"}:
            return PropertyTest(name, op, _frozen(rest.get("value"), path), path)
    raise ConditionError('expected {"property": …, "op": …, "value": …}', path)


def _whole(value: Any, path: tuple[str, ...], least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 100_000:
        raise ConditionError(f"give a whole number, {least} or more", path)
    return value


def _frozen(value: Any, path: tuple[str, ...]) -> Any:
    """Values are scalars or flat lists of scalars; lists become tuples so that tests can be compared and hashed."""
    if isinstance(value, list):
        if len(value) > 1000 or any(isinstance(item, list | dict) for item in value):
            raise ConditionError("expected a flat list of at most 1,000 values", (*path, "value"))
        return tuple(value)
    if isinstance(value, dict):
        raise ConditionError("expected a value or a list of values", (*path, "value"))
    if isinstance(value, str) and ("\0" in value or len(value) > 1000):
        raise ConditionError("text of at most 1,000 characters, without NUL", (*path, "value"))
    return value
