"""The leads behind a cell: who would move, and because of which rules."""

from dataclasses import dataclass
from typing import Any

from django.db.models import F

from leads.keyset import Page, capped_count, page_of
from leads.templatetags.ui import signed
from scoring.engine.definition import Definition, load
from scoring.models import Preview, PreviewScore
from scoring.preview.scores import compared_with

PAGE, NAMED = 50, 3
LABEL, GRADE = "label", "grade"


@dataclass(frozen=True)
class Mover:
    """`why`: the rules whose points differ most, in words."""

    score: PreviewScore
    why: str


@dataclass(frozen=True)
class Movers:
    """`shown` of all that belong to the cell: those in the viewer's teams."""

    page: Page
    rows: list[Mover]
    shown: int


def movers(preview: Preview, user: Any, cursor: str, *, by: str, was: str | None, then: str | None) -> Movers:
    """A page of the leads the viewer may see, best score by the draft first. Without `was` and `then`: all that get
    another label or grade. Four queries. Raises BadCursor."""
    rows = PreviewScore.objects.visible_to(user).filter(preview=preview)
    if was is None or then is None:
        rows = rows.exclude(**{by: F(f"{by}_before")})
    else:
        rows = rows.filter(**{by: then, f"{by}_before": was})
    page = page_of(rows.select_related("lead__company"), order="-total", size=PAGE, cursor=cursor)
    live = compared_with(preview)
    old, new = load(live.definition) if live else None, load(preview.definition)
    return Movers(page, [Mover(row, _why(row, old, new)) for row in page.rows], capped_count(rows))


def _why(row: PreviewScore, old: Definition | None, new: Definition) -> str:
    if old is None or not row.points_before or not row.points:
        return ""
    before = {rule.id: (rule.name, points) for rule, points in zip(old.criteria, row.points_before, strict=False)}
    gains = []
    for rule, points in zip(new.criteria, row.points, strict=False):
        _, was = before.pop(rule.id, ("", 0))
        gains.append((rule.name, points - was))
    gains += [(name, -was) for name, was in before.values()]
    differ = sorted((gain for gain in gains if gain[1]), key=lambda gain: -abs(gain[1]))
    named = ", ".join(f"{name} {signed(points)}" for name, points in differ[:NAMED])
    return named or ("Same points, other limits" if row.total == row.total_before else "Limits of groups")
