"""Values of custom fields, as people and programs give them → as they are kept in `fields`."""

from collections.abc import Mapping
from datetime import date
from math import isfinite
from typing import Any

from django.core.exceptions import ValidationError

from leads.enums import FieldType
from leads.models import Field

LONGEST = 1000


def checked(of: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are kept; None where a field is to be emptied. ValidationError names each that is wrong."""
    known = {field.key: field for field in Field.objects.filter(of=of)}
    kept, wrong = {}, {}
    for key, value in values.items():
        try:
            kept[key] = None if value in (None, "", []) else _kept(known.get(key), value)
        except ValueError as error:
            wrong[str(key)[:60]] = [str(error)]
    if wrong:
        raise ValidationError(wrong)
    return kept


def merged(fields: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a row with the values put on them; None takes a field away."""
    return {key: value for key, value in {**fields, **values}.items() if value is not None}


def _kept(field: Field | None, value: Any) -> Any:
    if field is None:
        raise ValueError("There is no such field. Define it first, in the admin or with POST fields.")
    match field.type:
        case FieldType.NUMBER:
            return _number(value)
        case FieldType.BOOLEAN:
            return _boolean(value)
        case FieldType.DATE:
            return _date(value)
        case FieldType.LIST:
            items = value if isinstance(value, list) else str(value).split(",")
            return [_chosen(field, _text(item)) for item in items if _text(item)]
        case FieldType.CHOICE:
            return _chosen(field, _text(value))
    return _text(value)


def _number(value: Any) -> int | float:
    if isinstance(value, bool):
        raise ValueError("Give a number, such as 42 or 4.2.")
    try:
        number = float(str(value))
    except ValueError:
        raise ValueError("Give a number, such as 42 or 4.2.") from None
    if not isfinite(number) or abs(number) >= 1e15:
        raise ValueError("This number is too large.")
    return int(number) if number.is_integer() else number


def _boolean(value: Any) -> bool:
    answers = {"true": True, "false": False, "yes": True, "no": False}
    if str(value).lower() not in answers:
        raise ValueError("Give true or false.")
    return answers[str(value).lower()]


def _date(value: Any) -> str:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise ValueError("Give a date as in 2026-11-18.") from None


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        raise ValueError("Give text.")
    text = str(value).strip()
    if "\0" in text or len(text) > LONGEST or not text.isprintable() and any("\ud800" <= c <= "\udfff" for c in text):
        raise ValueError(f"Give text of at most {LONGEST:,} characters, without NUL.")
    return text


def _chosen(field: Field, value: str) -> str:
    if field.choices and value not in field.choices:
        raise ValueError(f"Choose one of: {', '.join(map(str, field.choices[:20]))}.")
    return value
