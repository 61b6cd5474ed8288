"""Names of events as senders write them → kinds of ours (data/events.toml)."""

import tomllib
from functools import cache, lru_cache
from pathlib import Path

from leads.ingest.kinds import slug_of


@lru_cache(maxsize=4096)
def kind_of(name: str) -> str:
    """The kind of an event: "Email Link Clicked" is email_clicked; a name we do not know stays as it is."""
    return _kinds().get(slug_of(name), name)


def describes_sender(kind: str) -> bool:
    """Whether properties such as email and first_name of this kind are those of whoever did it."""
    return kind in _table()["about_the_sender"]["names"] or slug_of(kind) in _table()["about_the_sender"]["names"]


@cache
def _kinds() -> dict[str, str]:
    return {slug_of(name): kind for kind, names in _table()["kinds"].items() for name in names}


@cache
def _table() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(Path(__file__).with_name("data").joinpath("events.toml").read_text(encoding="utf-8"))
