"""Names of countries, in six languages and as exports write them → two letters of ISO 3166."""

import gettext
import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

import pycountry

LANGUAGES = ("de", "fr", "es", "it", "nl", "pt")


@lru_cache(maxsize=2048)
def country(text: str) -> str:
    """The code of a country. Raises ValueError when it is none that we know."""
    code = _names().get(_plain(text)) or _names().get(_plain(_without_brackets(text)))
    if not code:
        raise ValueError("Not a country. Write its name in English or its two letters, such as DE.")
    return code


@lru_cache(maxsize=512)
def country_name(code: str) -> str:
    """How people call it: DE is Germany. What is no code of a country stays as it is."""
    known = pycountry.countries.get(alpha_2=code)
    return getattr(known, "common_name", known.name) if known else code


@cache
def _names() -> dict[str, str]:
    names: dict[str, str] = {}
    for one in pycountry.countries:
        spellings = [one.name, getattr(one, "official_name", ""), getattr(one, "common_name", ""), one.alpha_3]
        for language in LANGUAGES:
            spellings += [_translated(one.name, language)]
        names |= {_plain(spelling): one.alpha_2 for spelling in spellings if spelling}
        names.setdefault(_plain(_without_brackets(one.name)), one.alpha_2)
    names |= {_plain(one.alpha_2): one.alpha_2 for one in pycountry.countries}
    for line in Path(__file__).with_name("data").joinpath("countries.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            code, _, others = line.partition(" ")
            names |= dict.fromkeys(others.split("; "), code)
    return names


def _translated(name: str, language: str) -> str:
    return _translation(language).gettext(name)


@cache
def _translation(language: str) -> gettext.NullTranslations:
    return gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language], fallback=True)


def _without_brackets(text: str) -> str:
    return re.sub(r"\(.*?\)", "", text)


def _plain(text: str) -> str:
    """Small letters without accents and punctuation; "Bolivia, Plurinational State of" stays in its order."""
    bare = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss").replace("&", " and "))
    letters = "".join(character for character in bare if not unicodedata.combining(character))
    words = re.sub(r"[^\w]+", " ", letters.replace("'", "").replace("’", "")).split()
    words = ["saint" if word == "st" else word for word in words]
    return " ".join(words[1:] if words[:1] == ["the"] and len(words) > 1 else words)
