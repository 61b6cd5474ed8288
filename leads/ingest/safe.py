"""What the database can hold: text without NUL and lone surrogates, JSON of bounded size. Everything else is refused
with a reason, record by record.
"""

import json
import math
from typing import Any

DEEPEST = 10
MOST_VALUES = 2_000
MOST_BYTES = 32 * 1024
LARGEST_NUMBER = 2**63


class UnstorableError(ValueError):
    """What cannot be stored, where, and what to do."""


def text(value: str, limit: int, name: str) -> str:
    """The text without surrounding space. Raises UnstorableError when it cannot be stored."""
    if not isinstance(value, str):
        raise UnstorableError(f"{name}: expected text.")
    value = value.strip()
    _check_text(value, name)
    if len(value) > limit:
        raise UnstorableError(f"{name}: longer than {limit} characters. Shorten it.")
    return value


def properties(value: Any) -> dict[str, Any]:
    """A JSON object that can be stored. Raises UnstorableError with the place and what to do."""
    if not isinstance(value, dict):
        raise UnstorableError('properties: expected an object such as {"url": "/pricing"}.')
    storable(value, "properties")
    if len(json.dumps(value, ensure_ascii=False).encode()) > MOST_BYTES:
        raise UnstorableError(f"properties: larger than {MOST_BYTES // 1024} KB. Send less of it.")
    return value


def storable(value: Any, name: str) -> None:
    """Raises UnstorableError with the place and what to do when some value in it cannot be stored."""
    _check(value, name, 1, [0])


def _check(value: Any, path: str, depth: int, seen: list[int]) -> None:
    seen[0] += 1
    if seen[0] > MOST_VALUES:
        raise UnstorableError(f"{_root(path)}: more than {MOST_VALUES:,} values. Send fewer.")
    match value:
        case None | bool():
            pass
        case str():
            _check_text(value, path)
        case int() | float():
            _check_number(value, path)
        case dict() | list():
            if depth > DEEPEST:
                raise UnstorableError(f"{_root(path)}: nested deeper than {DEEPEST} levels. Flatten it.")
            for key, item in value.items() if isinstance(value, dict) else enumerate(value):
                _check_text(str(key), path)
                _check(item, f"{path}.{key}"[:200], depth + 1, seen)
        case _:
            raise UnstorableError(f"{path}: expected text, a number, true, false, null, a list or an object.")


def _root(path: str) -> str:
    return path.partition(".")[0]


def _check_text(value: str, path: str) -> None:
    if "\0" in value:
        raise UnstorableError(f"{path}: holds a NUL character. Remove it.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise UnstorableError("Broken text: half of a surrogate pair. Send valid UTF-8.") from None


def _check_number(value: float, path: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise UnstorableError(f"{path}: not a finite number. Leave it out or send null.")
    if abs(value) >= LARGEST_NUMBER and isinstance(value, int):
        raise UnstorableError(f"{path}: whole number too large. Send it as text.")
