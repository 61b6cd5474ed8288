"""What README and docs/ point to is there: pages, headings, pictures, make targets, commands and addresses."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import Resolver404, resolve

PROJECT = Path(__file__).resolve().parent.parent.parent
PAGES = [PROJECT / "README.md", PROJECT / "CHANGELOG.md", *sorted((PROJECT / "docs").rglob("*.md"))]
MOST = 200_000  # bytes of a picture

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
TARGET = re.compile(r"\bmake ([a-z][a-z-]*)")
BEGINNINGS = {"/api/v1/"}  # of addresses, and none by itself
COMMAND = re.compile(r"manage\.py ([a-z][a-z_]*)")


def found(pattern: re.Pattern[str], page: Path) -> Iterator[str]:
    yield from pattern.findall(page.read_text())


def anchors(page: Path) -> set[str]:
    """What a heading is called in an address, as the usual readers of Markdown make it."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def missing(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists() or PROJECT not in (target, *target.parents):
        return True
    return bool(anchor) and anchor not in anchors(target)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_and_pictures_are_there(page: Path) -> None:
    links = [link for link in found(LINK, page) if not re.match(r"[a-z]+:", link)]
    assert [link for link in links if missing(page, link)] == []


def test_pictures_are_small_and_shown() -> None:
    shown = {(page.parent / link).resolve() for page in PAGES for link in found(LINK, page) if link.endswith(".png")}
    pictures = set((PROJECT / "docs" / "pictures").iterdir())
    assert pictures == shown
    assert [picture.name for picture in pictures if picture.stat().st_size > MOST] == []


def code(page: Path) -> str:
    """What stands between backticks or is indented: `make run`, and not the words "make sure"."""
    text = page.read_text()
    blocks = re.findall(r"^ {4}.+|^```(?s:.*?)^```", text, re.M)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", text)])


def test_make_targets_are_there() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    targets = {name for line in re.findall(r"^([a-z][a-z -]*):", makefile, re.M) for name in line.split()}
    named = {name for page in PAGES for name in TARGET.findall(code(page))}
    assert {"run", "test"} <= named <= targets


def test_commands_are_there() -> None:
    named = {name for page in PAGES for name in found(COMMAND, page)}
    assert {"up", "import_leads", "verify_scores"} <= named <= set(get_commands())


def test_addresses_are_there() -> None:
    """Addresses in backticks, such as `/reports/`; those with <a name> in them are patterns, not addresses."""
    named = {path for page in PAGES for path in re.findall(r"`(?:GET |POST )?(/[a-z][\w/-]*/?)`", page.read_text())}
    assert "/health/ready" in named
    assert sorted(path for path in named - BEGINNINGS if not leads_somewhere(path)) == []


def leads_somewhere(path: str) -> bool:
    try:
        return resolve(path).func.__name__ != "not_found"
    except Resolver404:
        return False
