"""Job title → seniority and department, by words in the languages our users sell in (data/titles.toml)."""

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path

from leads.enums import Seniority

Table = list[tuple[str, re.Pattern[str]]]


@lru_cache(maxsize=8192)
def read_title(title: str) -> tuple[str, str]:
    """(seniority, department) of a job title, each "" when it does not say. A title without rank is staff."""
    plain = re.sub(r"[/,;:()|.]+", " ", title).strip()
    if not re.search(r"[^\W\d_]{2}", plain):
        return "", ""
    tables = _tables()
    return _first(tables["seniority"], plain) or Seniority.STAFF.value, _first(tables["department"], plain)


def departments() -> list[str]:
    """The departments a title may name."""
    return sorted(name for name, _ in _tables()["department"])


@lru_cache(maxsize=8192)
def ranks_in(title: str) -> frozenset[str]:
    """Every seniority that a title speaks of: of "CEO, student" both."""
    plain = re.sub(r"[/,;:()|.]+", " ", title).strip()
    return frozenset(name for name, words in _tables()["seniority"] if words.search(plain))


def _first(table: Table, title: str) -> str:
    return next((name for name, words in table if words.search(title)), "")


@cache
def _tables() -> dict[str, Table]:
    data = tomllib.loads(Path(__file__).with_name("data").joinpath("titles.toml").read_text(encoding="utf-8"))
    return {table: [(name, _any_of(words)) for name, words in entries.items()] for table, entries in data.items()}


def _any_of(words: list[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)
