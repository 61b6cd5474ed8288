"""Rules that watch, for tests."""

from collections.abc import Iterable
from typing import Any

from leads.models import Crossing, Rule, Segment
from leads.rules import editing, passes

HOT = {"field": "label", "op": "any_of", "value": ["hot"]}


def make_segment(name: str = "Hot", condition: Any = HOT, **extra: Any) -> Segment:
    return Segment.objects.create(name=name, condition=condition, **extra)


def make_rule(segment: Segment, *, also_inside: bool = False, **extra: Any) -> Rule:
    """A rule that is on, and has recorded who is inside."""
    given = {"name": f"On {segment}", "actions": {"tag": "seen"}, "active": True} | extra
    rule = editing.save(Rule(segment=segment, **given), also_inside=also_inside)
    if not also_inside:
        run_passes()
    return rule


def run_passes() -> None:
    while passes.run_due(60):
        pass


def crossings(rule: Rule | None = None) -> list[tuple[int, str, str]]:
    """(lead, entered or left, state) of each, in order."""
    rows: Iterable[Crossing] = Crossing.objects.filter(rule=rule).order_by("pk")
    return [(row.lead_id, "entered" if row.entered else "left", row.state) for row in rows]
