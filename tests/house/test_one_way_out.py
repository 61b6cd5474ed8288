"""Outgoing HTTP has one way, leads/outgoing/client.py: nothing else of the product opens a connection."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FORBIDDEN = {
    "requests", "urllib.request", "urllib3", "http.client", "httpx", "aiohttp", "pycurl", "socket", "slack_sdk",
    "ftplib", "telnetlib", "smtplib",
}  # fmt: skip
MAY = {
    "leads/outgoing/client.py": {"http.client", "socket"},
    # its session is given an adapter that sends by leads/crm/http.py, and so by the one way out
    "leads/crm/salesforce/org.py": {
        "requests",
        "requests.adapters",
        "requests.adapters.BaseAdapter",
        "requests.structures",
        "requests.structures.CaseInsensitiveDict",
    },
    "leads/outgoing/mailing.py": {"smtplib"},  # for the names of its errors
}
# Our own processes on this machine: leadscore/ starts and asks them.


def taken(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def wrong(path: Path, name: str) -> set[str]:
    roots = {each for each in taken(path) for bad in FORBIDDEN if each == bad or each.startswith(f"{bad}.")}
    return roots - MAY.get(name, set())


def test_nobody_else_speaks_to_the_outside() -> None:
    files = {
        str(path.relative_to(ROOT)): path
        for app in ("leads", "scoring", "reports")
        for path in (ROOT / app).rglob("*.py")
    }
    assert len(files) > 100
    assert {name: found for name, path in files.items() if (found := wrong(path, name))} == {}


def test_the_guard_sees_a_second_way(tmp_path: Path) -> None:
    """Negative control."""
    other = tmp_path / "other.py"
    other.write_text("import requests\nfrom urllib import request, parse\nfrom http.client import HTTPConnection\n")
    assert wrong(other, "leads/other.py") == {
        "requests", "urllib.request", "http.client", "http.client.HTTPConnection",
    }  # fmt: skip
