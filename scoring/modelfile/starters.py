"""Models to begin with, as files in the product."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from leads.conditions.grammar import EventTest, parse, tests
from leads.conditions.vocabulary import ANY_KIND
from leads.models import Event
from scoring.modelfile.apply import Imported, import_as_new
from scoring.modelfile.read import read

FOLDER = Path(__file__).with_name("starters")
NEWEST = 10_000  # events that are looked at for what comes in


@dataclass(frozen=True)
class Starter:
    key: str
    file: dict[str, Any]

    @property
    def criteria(self) -> int:
        return sum(len(group["criteria"]) for group in self.file["groups"])

    @property
    def makes(self) -> list[str]:
        """The custom fields that come with it."""
        return [field["label"] for field in self.file["fields"]]

    @property
    def kinds(self) -> list[str]:
        """The kinds of events its criteria ask for, in reading order."""
        conditions = [rule["when"] for group in self.file["groups"] for rule in group["criteria"]]
        asked = [test for condition in conditions for test in tests(parse(condition)) if isinstance(test, EventTest)]
        return list(dict.fromkeys(test.kind for test in asked if test.kind != ANY_KIND))


@dataclass(frozen=True)
class Offer:
    """`unseen`: kinds of events it asks for that are not among the newest ones: somebody has to send them."""

    starter: Starter
    unseen: list[str]


def offers() -> list[Offer]:
    """The starters as somebody who begins has to read them. One query."""
    seen = set(Event.objects.order_by("-pk").values_list("kind__slug", flat=True)[:NEWEST])
    return [Offer(one, [words(kind) for kind in one.kinds if kind not in seen]) for one in starters()]


def words(slug: str) -> str:
    """Sample requested."""
    return slug.replace("_", " ").capitalize()


@cache
def starters() -> list[Starter]:
    """All of them, by name."""
    found = [Starter(path.stem, read(path.read_bytes())) for path in FOLDER.glob("*.yaml")]
    return sorted(found, key=lambda starter: starter.file["name"])


def start_with(key: str, *, by: Any = None) -> Imported:
    """A new draft of the starter. Raises KeyError where there is none of that name."""
    file = {starter.key: starter.file for starter in starters()}[key]
    return import_as_new(file, by=by, origin=f"starter {file['name']}"[:80])
