"""Names of industries as people and CRMs write them → one name for each (data/industries.txt)."""

import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

LONGEST = 100


@lru_cache(maxsize=4096)
def industry(text: str) -> str:
    """The name we keep: "Maschinenbau" and "MECHANICAL_OR_INDUSTRIAL_ENGINEERING" are Industrial machinery.

    A name that we do not know is kept as it is written, without spaces around it.
    """
    tidy = " ".join(text.split())[:LONGEST]
    return _names().get(_plain(tidy), tidy)


def industries() -> list[str]:
    """The names we keep, in order."""
    return sorted(set(_names().values()))


@cache
def _names() -> dict[str, str]:
    names: dict[str, str] = {}
    lines = Path(__file__).with_name("data").joinpath("industries.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if line and not line.startswith("#"):
            name, _, others = line.partition(": ")
            names |= dict.fromkeys((_plain(each) for each in (name, *others.split("; "))), name)
    return names


def _plain(text: str) -> str:
    """Small letters without accents and signs: "Food & Beverages" is food beverages."""
    bare = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss"))
    letters = "".join(character for character in bare if not unicodedata.combining(character))
    return " ".join(re.sub(r"[^\w]+|_", " ", letters).split())
