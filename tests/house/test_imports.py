"""Imports run reports → scoring → leads, never back, and no app imports the wiring."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
MAY_IMPORT = {"leads": set(), "scoring": {"leads"}, "reports": {"leads", "scoring"}}
PACKAGES = {"leads", "scoring", "reports", "leadscore", "tests", "bench"}


def imported(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.lineno, node.module or ""


def against_the_grain(app: str, path: Path) -> list[str]:
    allowed = MAY_IMPORT[app] | {app}
    return [
        f"{path.name}:{line} imports {name}"
        for line, name in imported(path)
        if name.partition(".")[0] in PACKAGES - allowed
    ]


@pytest.mark.parametrize("app", MAY_IMPORT)
def test_imports_go_one_way(app: str) -> None:
    files = sorted((ROOT / app).rglob("*.py"))
    assert len(files) >= 5
    wrong = [problem for path in files for problem in against_the_grain(app, path)]
    assert wrong == []


def test_the_guard_sees_a_wrong_import(tmp_path: Path) -> None:
    """Negative control."""
    wrong = tmp_path / "wrong.py"
    wrong.write_text("import scoring.engine\nfrom leadscore import settings\nfrom leads.models import Lead\n")
    assert len(against_the_grain("leads", wrong)) == 2


def test_relative_imports_are_not_used() -> None:
    for app in MAY_IMPORT:
        for path in (ROOT / app).rglob("*.py"):
            nodes = ast.walk(ast.parse(path.read_text()))
            assert not any(isinstance(node, ast.ImportFrom) and node.level for node in nodes), path
