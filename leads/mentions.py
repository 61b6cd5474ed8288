"""@mentions: whom a text calls by name or address."""

import re
from collections import defaultdict
from collections.abc import Iterable

from django.core.exceptions import ValidationError

from leads.models import User

# Not within a word: ana@example.com calls nobody.
_AT = re.compile(r"(?<![\w.@])@")
# What would make the name a longer one: @kim is not called by @kimberly, nor by @kim@elsewhere.example.
_GOES_ON = re.compile(r"[\w-]|[.@']\w")


def mentions(text: str, people: Iterable[User]) -> list[User]:
    """Whom the text calls, of these people: by @address, @full name or @first name. The longest name counts.

    Names of nobody are plain text. ValidationError where one name is of several people.
    """
    named, low = _names(people), text.lower()
    found: dict[int, User] = {}
    for at in _AT.finditer(low):
        called = max((name for name in named if _called(low, at.end(), name)), key=len, default="")
        several = named.get(called, [])
        if len(several) > 1:
            addresses = " or ".join(f"@{user.email}" for user in several[:3])
            raise ValidationError({"text": f"Several people are called {called.title()}: write {addresses}."})
        found |= {user.pk: user for user in several}
    return list(found.values())


def pieces(text: str, people: Iterable[User]) -> list[tuple[str, bool]]:
    """The text in pieces: (words, whether they are a mention of one of these people)."""
    names = sorted(_names(people), key=len, reverse=True)
    if not names:
        return [(text, False)]
    called = "|".join(map(re.escape, names))
    split = re.split(rf"({_AT.pattern}(?:{called})(?!{_GOES_ON.pattern}))", text, flags=re.IGNORECASE)
    return [(words, index % 2 == 1) for index, words in enumerate(split) if words]


def _called(text: str, start: int, name: str) -> bool:
    return text.startswith(name, start) and not _GOES_ON.match(text, start + len(name))


def _names(people: Iterable[User]) -> dict[str, list[User]]:
    named: dict[str, list[User]] = defaultdict(list)
    for user in people:
        for name in {user.email.lower(), user.name.lower(), *user.name.lower().split()[:1]} - {""}:
            named[name].append(user)
    return named
