"""By what leads are brought together for comparing: only those that share a key are compared, so never all with all.

A key is a letter and what two leads have in common. None of this is identity: a-b@x and ab@x stay two addresses.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from leads.freemail import ROLES, free_mail
from leads.identity.names import plain, skeleton
from leads.ingest.normalise.addresses import domain

LONGEST = 100
FEWEST_DIGITS = 7
FEWEST_ID = 6
LAST_DIGITS = 9
SHORTEST_LOCAL = 5
DOTLESS = {"gmail.com", "googlemail.com"}


@dataclass(frozen=True, slots=True)
class Person:
    """What a lead is compared by. `ids`: (source, id by which the source knows it)."""

    pk: int
    team: int
    email: str
    phone: str
    first_name: str
    last_name: str
    title: str
    city: str
    country: str
    company: int | None
    company_name: str
    ids: tuple[tuple[int, str], ...] = ()


def keys_of(person: Person) -> set[str]:
    """Everything by which this lead meets others."""
    return {key[:LONGEST] for key in _keys(person)}


def variant(email: str) -> str:
    """The address without what a mail server may ignore: the part after +, and the dots. For comparing only."""
    local, _, host = email.partition("@")
    host = "gmail.com" if host in DOTLESS else host
    return f"{bare_local(local)}@{host}" if local else ""


def bare_local(local: str) -> str:
    return re.sub(r"[._-]", "", local.partition("+")[0])


@cache
def _office() -> frozenset[str]:
    return frozenset(bare_local(local) for local in ROLES)


def is_office(local: str) -> bool:
    """Whether several people read the mail of this address, info@ or sales@."""
    return bare_local(local) in _office()


def digits(phone: str) -> str:
    """The digits of the number without its extension."""
    return re.sub(r"\D", "", phone.partition(" ext")[0])


def specific(value: str) -> bool:
    """Whether an id is one that two sources would hardly give to two people by chance: not "17"."""
    return len(value) >= FEWEST_ID and any(c.isdigit() for c in value) and "@" not in value


def _keys(person: Person) -> Iterator[str]:
    local, _, host = person.email.partition("@")
    if local and not is_office(local):
        yield f"e:{variant(person.email)}"
        if len(bare_local(local)) >= SHORTEST_LOCAL:
            yield f"l:{bare_local(local)}"
    number = digits(person.phone)
    if len(number) >= FEWEST_DIGITS:
        yield f"p:{number[-LAST_DIGITS:]}"
    yield from (f"x:{value}" for _, value in person.ids if specific(value))
    yield from _of_name(person, domain(host) if host and host not in free_mail() else "")


def _of_name(person: Person, host: str) -> Iterable[str]:
    words = [skeleton(word) for name in (person.first_name, person.last_name) if (word := plain(name))]
    if len(words) < 2:
        return
    yield "n:" + ":".join(sorted(words))
    for place in {f"c{person.company}" if person.company else "", host} - {""}:
        yield from (f"w:{place}:{word}" for word in words)
