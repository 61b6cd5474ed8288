"""New values meet a row that is already here."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import models

from leads.enums import ImportPolicy

if TYPE_CHECKING:
    from leads.ingest.precedence import Claims

CUSTOM = "fields."


def is_empty(value: Any) -> bool:
    """Empty says nothing; False and 0 are answers."""
    return value is None or value == "" or value == []


def apply(row: Any, values: Mapping[str, Any], policy: str, claims: "Claims | None" = None) -> bool:
    """Put the values on the row as the policy allows; a row just made takes them all. Whether it changed.

    Where a field has an order of sources, that decides instead (leads/ingest/precedence.py).
    """
    changed = False
    for name, value in values.items():
        key = name.removeprefix(CUSTOM)
        if claims and name != key and claims.decide(key):
            if not is_empty(value) and policy != ImportPolicy.LEAVE:
                changed = claims.put(row, key, value) or changed
            continue
        current = _get(row, name)
        if is_empty(value) or same(current, value) or (policy == ImportPolicy.FILL and not is_empty(current)):
            continue
        if policy != ImportPolicy.LEAVE:
            _set(row, name, value)
            changed = True
    return changed


def same(current: Any, value: Any) -> bool:
    """Whether the value is no news: white space and repeated items are not kept by files."""
    if isinstance(current, str) and isinstance(value, str):
        return current.split() == value.split()
    if isinstance(current, list) and isinstance(value, list):
        return list(dict.fromkeys(current)) == value
    return bool(current == value)


def is_new(row: models.Model) -> bool:
    return row._state.adding


def _get(row: Any, name: str) -> Any:
    return row.fields.get(name.removeprefix(CUSTOM)) if name.startswith(CUSTOM) else getattr(row, name)


def _set(row: Any, name: str, value: Any) -> None:
    if name.startswith(CUSTOM):
        row.fields[name.removeprefix(CUSTOM)] = value
    else:
        setattr(row, name, value)
