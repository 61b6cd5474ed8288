"""The worked numbers of docs/scoring.md, counted again by the engine."""

import re
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path

import pytest
from django.utils import timezone

from leads.models import Company, Event, EventKind, Lead, Source, Team
from scoring.engine.evaluate import Result, evaluate
from scoring.models import ScoringModel, Version
from scoring.models.scoring_model import default_labels
from scoring.profile import WEIGHTS, worth_of

PAGE = (Path(__file__).resolve().parent.parent.parent / "docs" / "scoring.md").read_text()
AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def rows_after(heading: str) -> list[list[str]]:
    """The cells of the first table after a line of the page."""
    lines = PAGE[PAGE.index(heading) :].splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("|---"))
    body = takewhile(bool, lines[start + 1 :])
    return [[cell.replace("*", "").strip() for cell in line.strip("|").split("|")] for line in body]


@pytest.fixture
def lead() -> Lead:
    team = Team.objects.create(name="T", slug="t")
    company = Company.objects.create(team=team, name="C", employees=420, industry="Manufacturing")
    return Lead.objects.create(
        team=team, company=company, title="VP Operations", created_at=AS_OF - timedelta(days=500)
    )


def happened(lead: Lead, kind: str, *days_ago: int) -> None:
    source = Source.objects.named(lead.team, "API", "api")
    for n, days in enumerate(days_ago):
        Event.objects.create(
            lead=lead, kind=EventKind.objects.get(slug=kind), source=source, message_id=f"{kind} {n}",
            occurred_at=AS_OF - timedelta(days=days),
        )  # fmt: skip


def standing(lead: Lead, groups: list[dict], criteria: list[dict]) -> Result:
    model = ScoringModel.objects.create(name="M", slug="m")
    filled = [{"id": 0, "counting": "once", "days": None, "at_most": None, "disqualifies": False} | c for c in criteria]
    definition = {
        "axis_limit": 50, "fit_limits": [38, 25, 13], "engagement_limits": [38, 25, 13], "labels": default_labels(),
        "handoff_labels": [], "audience": None, "groups": groups, "criteria": filled,
    }  # fmt: skip
    version = Version.objects.create(model=model, number=1, definition=definition, published_at=timezone.now())
    return evaluate(version, [lead.pk], AS_OF)[0]


def webinars(text: str) -> list[int]:
    return [0 if part == "today" else int(part.split()[0]) for part in text.split(" and ")]


FADING = [
    *(("half_life", 30, *row) for row in rows_after("### Worked: a webinar that fades")),
    *(("linear", 60, *row) for row in rows_after("The same criterion fading evenly")),
]


@pytest.mark.parametrize(("counting", "days", "attended", "hundredths", "points"), FADING)
def test_fading(lead: Lead, counting: str, days: int, attended: str, hundredths: str, points: str) -> None:
    happened(lead, "webinar_attended", *webinars(attended))
    criterion = {"name": "Attended", "group": 0, "condition": {"event": "webinar_attended"}, "points": 10,
                 "counting": counting, "days": days, "at_most": 15}  # fmt: skip
    result = standing(lead, [{"name": "G", "axis": "engagement", "cap": None, "floor": None}], [criterion])
    assert result.points[0] == int(points) == min(15, (int(hundredths) + 50) // 100)


def test_there_are_worked_rows() -> None:
    assert len(FADING) == 12


def test_a_lead(lead: Lead) -> None:
    happened(lead, "pricing_requested", 1)
    happened(lead, "email_unsubscribed", 2)
    groups = [
        {"name": "Role", "axis": "fit", "cap": None, "floor": None},
        {"name": "Company", "axis": "fit", "cap": 15, "floor": None},
        {"name": "Intent", "axis": "engagement", "cap": None, "floor": None},
    ]
    vp = {"field": "title", "op": "starts_with", "value": "VP"}
    size = {"field": "company.employees", "op": "between", "value": [200, 1000]}
    industry = {"field": "company.industry", "op": "is", "value": "Manufacturing"}
    criteria = [
        {"name": "Job title is VP or C-level", "group": 0, "condition": vp, "points": 15},
        {"name": "200 to 1,000 employees", "group": 1, "condition": size, "points": 10},
        {"name": "Industry is Manufacturing", "group": 1, "condition": industry, "points": 10},
        {"name": "Asked for pricing", "group": 2, "condition": {"event": "pricing_requested"}, "points": 18},
        {"name": "Unsubscribed", "group": 2, "condition": {"event": "email_unsubscribed"}, "points": -30},
    ]
    result = standing(lead, groups, criteria)
    written = {name: int(points) for name, points in rows_after("### Worked: a lead")}
    role_cap, company_cap, intent_cap, fit_end, engagement_end = result.points[5:]
    shown = {criterion["name"]: points for criterion, points in zip(criteria, result.points, strict=False)}
    shown |= {"Company gives at most 15": company_cap, "Engagement ends at 50": engagement_end, "total": result.total}
    assert shown == written
    assert (role_cap, intent_cap, fit_end, result.fit, result.engagement) == (0, 0, 0, 30, 0)


def test_the_grid_of_labels() -> None:
    rows = {re.sub(r" .*", "", row[0]): row[1:] for row in rows_after("## From a score to a label")}
    labels = {f"{letter}{digit}": rows[letter][digit - 1].lower() for letter in "ABCD" for digit in (1, 2, 3, 4)}
    assert labels == default_labels()


def test_the_points_of_the_six_questions() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "workshop.md").read_text()
    rows = re.findall(r"^\| ([a-z, ]+) \| ([0-9, ]+) \|$", text, re.M)
    for answered, points in rows:
        names = answered.split(", ")
        assert list(worth_of(sorted(names, key=list(WEIGHTS).index), 50).items()) == list(
            zip(names, map(int, points.split(", ")), strict=True)
        )
    assert len(rows) == 3
