"""Models to begin with, as files in the product."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from scoring.modelfile.apply import Imported, import_as_new
from scoring.modelfile.read import read

FOLDER = Path(__file__).with_name("starters")


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


@cache
def starters() -> list[Starter]:
    """All of them, by name."""
    found = [Starter(path.stem, read(path.read_bytes())) for path in FOLDER.glob("*.yaml")]
    return sorted(found, key=lambda starter: starter.file["name"])


def start_with(key: str, *, by: Any = None) -> Imported:
    """A new draft of the starter. Raises KeyError where there is none of that name."""
    file = {starter.key: starter.file for starter in starters()}[key]
    return import_as_new(file, by=by, origin=f"starter {file['name']}"[:80])
