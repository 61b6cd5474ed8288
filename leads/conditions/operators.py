"""One table of operators: each says its words, its SQL, and what an unknown value does.

The SQL of a field is NULL while the field is unknown, for every type alike; dates are day numbers (whole days since
1970-01-01), and text comes in lower case, since it is compared without regard to capitals. An answer of NULL counts as
no.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import ceil, floor
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import DecimalField, Expression, TextField, Value

from leads.conditions.grammar import ConditionError
from leads.conditions.sql import Sql, integer
from leads.enums import FieldType

TEXT, NUMBER, DATE = FieldType.TEXT, FieldType.NUMBER, FieldType.DATE
BOOLEAN, CHOICE, LIST = FieldType.BOOLEAN, FieldType.CHOICE, FieldType.LIST
WORDS = (TEXT, CHOICE)
EVERY = (TEXT, CHOICE, NUMBER, DATE, BOOLEAN, LIST)

NOT_COUNTED = "An unknown value does not match."
EPOCH = date(1970, 1, 1)

Answer = Callable[[Expression, Any, Expression], Expression]


@dataclass(frozen=True)
class Operator:
    """`takes`: nothing, one, many, range or days. `sql(lhs, value, today)` is true, false or NULL.

    `turns(lhs, value, today)` is the next day on which the answer changes by time alone, or NULL; None: never.
    `steps(value)`: the whole numbers at which another answer begins, for numbers that grow with time; None: never.
    """

    key: str
    label: str
    types: tuple[str, ...]
    takes: str
    sql: Answer
    unknown: str = NOT_COUNTED
    turns: Answer | None = None
    steps: Callable[[Any], tuple[int, ...]] | None = None


def _text(value: str) -> Expression:
    return Sql("lower({})", Value(value, TextField()), output_field=TextField())


def _texts(values: tuple[str, ...]) -> Expression:
    return Sql("ANY(ARRAY(SELECT lower(unnest({}::text[]))))", _array(values), output_field=TextField())


def _array(values: tuple[str, ...]) -> Value:
    return Value(list(values), ArrayField(TextField()))


def _same(lhs: Expression, value: Any, today: Expression) -> Expression:
    match value:
        case bool():
            return Sql("({} = {}::boolean)", lhs, Value(value))
        case Decimal():
            return Sql("({} = {}::numeric)", lhs, Value(value, DecimalField()))
    return Sql("({} = {})", lhs, _text(value))


def _other(lhs: Expression, value: Any, today: Expression) -> Expression:
    return Sql("(NOT {})", _same(lhs, value, today))


def _text_test(template: str) -> Answer:
    return lambda lhs, value, today: Sql(template, lhs, _text(value))


def _number_test(sign: str) -> Answer:
    return lambda lhs, value, today: Sql(f"({{}} {sign} {{}}::numeric)", lhs, Value(value, DecimalField()))


def _between(lhs: Expression, value: Any, today: Expression) -> Expression:
    low, high = (Value(_plain(bound)) for bound in value)
    return Sql("({} BETWEEN {}::numeric AND {}::numeric)", lhs, low, high)


def _plain(value: Any) -> Any:
    return (value - EPOCH).days if isinstance(value, date) else value


def _of_domain(lhs: Expression, value: Any, today: Expression) -> Expression:
    domain = "regexp_replace({}, '^.*@|^[a-z]+://(www\\.)?|/.*$', '', 'g')"
    return Sql(
        f"EXISTS (SELECT 1 FROM unnest({{}}::text[]) AS d WHERE {domain} = lower(d)"
        f" OR right({domain}, length(d) + 1) = '.' || lower(d))",
        _array(value), lhs, lhs,
    )  # fmt: skip


def _includes(template: str) -> Answer:
    return lambda lhs, value, today: Sql(template, lhs, _array(value))


def _last_days(lhs: Expression, value: int, today: Expression) -> Expression:
    return Sql("({} > {} - {}::int AND {} <= {})", lhs, today, Value(value), lhs, today)


def _last_days_turns(lhs: Expression, value: int, today: Expression) -> Expression:
    days = Value(value)
    return integer(
        "(CASE WHEN {} > {} THEN {} WHEN {} + {}::int > {} THEN {} + {}::int END)",
        lhs, today, lhs, lhs, days, today, lhs, days,
    )  # fmt: skip


def _days_ago(lhs: Expression, value: int, today: Expression) -> Expression:
    return Sql("({} <= {} - {}::int)", lhs, today, Value(value))


def _days_ago_turns(lhs: Expression, value: int, today: Expression) -> Expression:
    days = Value(value)
    return integer("(CASE WHEN {} + {}::int > {} THEN {} + {}::int END)", lhs, days, today, lhs, days)


def _from(value: Decimal) -> tuple[int, ...]:
    """Where numbers of at least the value begin."""
    return (ceil(value),)


def _past(value: Decimal) -> tuple[int, ...]:
    """Where numbers above the value begin."""
    return (floor(value) + 1,)


def _at(value: Decimal) -> tuple[int, ...]:
    return (*_from(value), *_past(value)) if value == floor(value) else ()


def _within(value: tuple[Decimal, Decimal]) -> tuple[int, ...]:
    low, high = value
    return (*_from(low), *_past(high))


def _day_test(sign: str) -> Answer:
    return lambda lhs, value, today: Sql(f"({{}} {sign} {{}}::int)", lhs, Value(_plain(value)))


_TABLE = [
    Operator("is", "is", (TEXT, CHOICE, NUMBER, BOOLEAN), "one", _same, steps=_at),
    Operator("is_not", "is not", (TEXT, CHOICE, NUMBER), "one", _other,
             "An unknown value does not match: nothing says that it is something else.", steps=_at),
    Operator("any_of", "is any of", WORDS, "many", lambda lhs, v, today: Sql("({} = {})", lhs, _texts(v))),
    Operator("none_of", "is none of", WORDS, "many",
             lambda lhs, v, today: Sql("(NOT {} = {})", lhs, _texts(v)),
             "An unknown value does not match: nothing says that it is something else."),
    Operator("contains", "contains", WORDS, "one", _text_test("(strpos({}, {}) > 0)")),
    Operator("not_contains", "does not contain", WORDS, "one", _text_test("(strpos({}, {}) = 0)")),
    Operator("starts_with", "starts with", WORDS, "one", _text_test("starts_with({}, {})")),
    Operator("ends_with", "ends with", WORDS, "one",
             lambda lhs, v, today: Sql("(right({}, length({})) = {})", lhs, _text(v), _text(v))),
    Operator("domain_in", "is at one of the domains", (TEXT,), "many", _of_domain),
    Operator("at_least", "is at least", (NUMBER,), "one", _number_test(">="), steps=_from),
    Operator("at_most", "is at most", (NUMBER,), "one", _number_test("<="), steps=_past),
    Operator("more_than", "is more than", (NUMBER,), "one", _number_test(">"), steps=_past),
    Operator("less_than", "is less than", (NUMBER,), "one", _number_test("<"),
             "An unknown value does not match: empty is not zero.", steps=_from),
    Operator("between", "is between", (NUMBER, DATE), "range", _between, steps=_within),
    Operator("on", "is on", (DATE,), "one", _day_test("=")),
    Operator("before", "is before", (DATE,), "one", _day_test("<")),
    Operator("after", "is after", (DATE,), "one", _day_test(">")),
    Operator("in_last_days", "is in the last …", (DATE,), "days", _last_days, turns=_last_days_turns),
    Operator("days_ago", "is at least … ago", (DATE,), "days", _days_ago, turns=_days_ago_turns),
    Operator("includes", "includes any of", (LIST,), "many", _includes("({} ?| {}::text[])")),
    Operator("includes_all", "includes all of", (LIST,), "many", _includes("({} ?& {}::text[])")),
    Operator("includes_none", "includes none of", (LIST,), "many", _includes("(NOT {} ?| {}::text[])"),
             "An unknown or empty list does not match."),
    Operator("known", "is known", EVERY, "nothing", lambda lhs, v, today: Sql("({} IS NOT NULL)", lhs),
             "An unknown value does not match; that is the question."),
    Operator("unknown", "is unknown", EVERY, "nothing", lambda lhs, v, today: Sql("({} IS NULL)", lhs),
             "An unknown value matches; that is the question."),
]  # fmt: skip

OPERATORS: dict[str, Operator] = {operator.key: operator for operator in _TABLE}


def operator_for(key: str, type_: str, path: tuple[str, ...]) -> Operator:
    """The operator, when it can be asked of that type; else a ConditionError that names those that can."""
    operator = OPERATORS.get(key)
    if operator is None or type_ not in operator.types:
        fit = ", ".join(op.key for op in _TABLE if type_ in op.types)
        raise ConditionError(f"{key!r} cannot be asked of a {FieldType(type_).label.lower()}; use one of: {fit}", path)
    return operator


def read_value(operator: Operator, type_: str, value: Any, path: tuple[str, ...]) -> Any:
    """The value in the form `operator.sql` takes. Raises ConditionError that says what to give instead."""
    path = (*path, "value")
    match operator.takes:
        case "nothing":
            if value is not None:
                raise ConditionError(f"{operator.key} takes no value", path)
            return None
        case "days":
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 36500:
                raise ConditionError("give a whole number of days, 1 or more", path)
            return value
        case "range":
            if not isinstance(value, list | tuple) or len(value) != 2:
                raise ConditionError("give two values, the lower and the upper", path)
            low, high = (_read(type_, bound, path) for bound in value)
            if low > high:
                raise ConditionError("the lower value comes first", path)
            return low, high
        case "many":
            if not isinstance(value, list | tuple) or not value:
                raise ConditionError("give a list of values", path)
            return tuple(_read(TEXT if type_ == LIST else type_, item, path) for item in value)
    return _read(type_, value, path)


def _read(type_: str, value: Any, path: tuple[str, ...]) -> Any:
    match type_, value:
        case (FieldType.BOOLEAN, bool()):
            return value
        case (FieldType.NUMBER, int() | float()) if not isinstance(value, bool) and abs(value) < 1e15:
            return Decimal(str(value))
        case (FieldType.DATE, str()):
            try:
                return date.fromisoformat(value)
            except ValueError:
                raise ConditionError("give a date as 2026-01-31", path) from None
        case (FieldType.TEXT | FieldType.CHOICE, str()) if value.strip():
            return value
    wanted = {BOOLEAN: "true or false", NUMBER: "a number", DATE: "a date as 2026-01-31"}.get(FieldType(type_), "text")
    raise ConditionError(f"give {wanted}", path)
