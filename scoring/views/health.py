"""How the live models fare, on the home of scoring."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from leads.enums import Label
from leads.requests import Request
from scoring.findings import Finding, Moved, drift, findings, last_review, outcomes
from scoring.models import Health, Review, ScoringModel, Version
from scoring.reviews import review

WIDTH, HEIGHT, GAP = 1000, 150, 14
SHOWN = (Label.HOT, Label.WARM, Label.COOL, Label.COLD, Label.DISQUALIFIED)


@dataclass(frozen=True)
class Part:
    """A label's part of a week's column; y and height in the units of the chart."""

    label: str
    leads: int
    share: float
    y: float
    height: float


@dataclass(frozen=True)
class Week:
    day: date
    x: float
    width: float
    parts: list[Part]

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def leads(self) -> int:
        return sum(part.leads for part in self.parts)

    @property
    def table(self) -> list[Part]:
        return self.parts


@dataclass(frozen=True)
class Row:
    """A live model with what was counted of it; `health` is None until the first count of this version."""

    model: ScoringModel
    live: Version
    health: Health | None
    review: Review | None = None
    findings: list[Finding] = field(default_factory=list)
    weeks: list[Week] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    outcomes: list[Any] = field(default_factory=list)
    entering: dict[str, Any] = field(default_factory=dict)
    capacity: int | None = None
    labels: tuple[str, ...] = SHOWN


def health_rows(versions: list[Version]) -> list[Row]:
    """Of the live versions. Two queries for each."""
    kept = Health.objects.filter(version__in=versions).select_related("version")
    known = {health.version_id: health for health in kept}
    return [_row(version, known.get(version.pk)) for version in versions]


def _row(version: Version, health: Health | None) -> Row:
    if health is None:
        return Row(version.model, version, None)
    reviewed, last = last_review(version)
    told = [{"label": one.label, "rates": [one.accepted, one.won]} for one in outcomes(health)]
    return Row(
        version.model, version, health, last, findings(health, reviewed), _weeks(health.figures["weeks"]),
        drift(health), told, health.figures["entering"], health.figures["capacity"],
    )  # fmt: skip


def _weeks(counted: list[dict[str, Any]]) -> list[Week]:
    step = WIDTH / max(len(counted), 1)
    return [
        Week(date.fromisoformat(week["week"]), round(step * place + GAP / 2, 1), round(step - GAP, 1), _parts(week))
        for place, week in enumerate(counted)
    ]  # fmt: skip


def _parts(week: dict[str, Any]) -> list[Part]:
    """Hot stands at the foot, where its height is compared most easily."""
    total, foot, parts = sum(week.get(label, 0) for label in SHOWN), float(HEIGHT), []
    for label in SHOWN:
        leads = week.get(label, 0)
        share = leads / total if total else 0.0
        foot -= share * HEIGHT
        parts.append(Part(label, leads, share, round(foot, 1), round(share * HEIGHT, 1)))
    return parts


@require_POST
@permission_required("scoring.change_scoringmodel", raise_exception=True)
def reviews(request: Request, pk: int) -> HttpResponse:
    """Say that the live model was looked at and still holds."""
    review(get_object_or_404(ScoringModel, pk=pk), by=request.user)
    messages.success(request, "Noted: you have reviewed it today.")
    return redirect("scoring:index")
