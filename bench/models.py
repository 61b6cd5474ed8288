"""The model of the engine's benchmark: 24 field criteria, 9 counts, 3 per occurrence, 3 half-lives, 1 silence."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from leads.models import Field, LedgerLine
from scoring.draft import ledger_lines
from scoring.models import ScoringModel, Version

TITLES = ["VP", "CTO", "Head", "Engineer", "Student", "Manager", "Buyer", "Director"]
INDUSTRIES = ["Manufacturing", "Retail", "Logistics", "Healthcare", "Education", "Finance"]
COUNTRIES = ["DE", "US", "FR", "GB", "ES", "IT"]
COUNTED = ["page_viewed", "form_submitted", "demo_requested", "pricing_requested", "trial_started",
           "content_downloaded", "webinar_registered", "webinar_attended", "email_clicked"]  # fmt: skip


def field_criteria() -> list[dict[str, Any]]:
    tests: list[dict[str, Any]] = [{"field": "title", "op": "contains", "value": title} for title in TITLES]
    tests += [{"field": "company.industry", "op": "is", "value": industry} for industry in INDUSTRIES]
    tests += [{"field": "country", "op": "any_of", "value": [country, "NL"]} for country in COUNTRIES[:4]]
    tests += [
        {"field": "company.employees", "op": "between", "value": [200, 1000]},
        {"field": "company.employees", "op": "less_than", "value": 20},
        {"field": "custom.budget", "op": "at_least", "value": 50000},
        {"field": "custom.plan", "op": "is", "value": "Max"},
        {"field": "phone", "op": "known"},
        {"all": [{"field": "email_kind", "op": "is", "value": "business"}, {"field": "source", "op": "known"}]},
    ]
    return [criterion(f"F{i}", test, 4 if i % 5 else -3) for i, test in enumerate(tests)]


def event_criteria() -> list[dict[str, Any]]:
    rows = [
        criterion(f"N{i}", {"event": kind, "at_least": 1 + i % 3, "days": (7, 30, 90)[i % 3]}, 5)
        for i, kind in enumerate(COUNTED)
    ]
    pricing = [{"property": "url", "op": "contains", "value": "/pricing"}]
    rows += [
        criterion("E0", {"event": "page_viewed", "where": pricing, "days": 30}, 3, counting="each", at_most=12),
        criterion("E1", {"event": "email_clicked", "days": 60}, 1, counting="each", at_most=5),
        criterion("E2", {"event": "content_downloaded", "days": 90}, 2, counting="each_day", at_most=8),
    ]
    rows += [
        criterion(f"H{i}", {"event": kind}, 10, counting="half_life", days=days, at_most=15)
        for i, (kind, days) in enumerate([("webinar_attended", 30), ("demo_requested", 14), ("form_submitted", 7)])
    ]
    return [*rows, criterion("S0", {"event": "any", "last_before": 45}, -10)]


def criterion(name: str, condition: dict[str, Any], points: int, **extra: Any) -> dict[str, Any]:
    group = 0 if name.startswith("F") else 1
    return {"id": 0, "name": name, "group": group, "condition": condition, "points": points, "counting": "once",
            "days": None, "at_most": None, "disqualifies": False} | extra  # fmt: skip


def version(criteria: list[dict[str, Any]], shift: int = 0, at: datetime | None = None) -> Version:
    """A version of these criteria. `shift` moves every lead's points, so that a rescore changes every row."""
    Field.objects.get_or_create(key="budget", defaults={"label": "Budget", "type": "number"})
    Field.objects.get_or_create(key="plan", defaults={"label": "Plan", "type": "choice"})
    model, _ = ScoringModel.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    groups = [
        {"name": "Who", "axis": "fit", "cap": 45, "floor": None},
        {"name": "What", "axis": "engagement", "cap": 50, "floor": None},
    ]
    definition = {
        "axis_limit": 50, "fit_limits": model.fit_limits, "engagement_limits": model.engagement_limits,
        "labels": model.labels, "handoff_labels": [], "audience": None, "groups": groups,
        "criteria": [*criteria, criterion("Fshift", {"field": "created", "op": "known"}, 1 + shift)],
    }  # fmt: skip
    made = Version.objects.create(
        model=model, number=1 + model.versions.count(), definition=definition, published_at=at or timezone.now()
    )
    LedgerLine.objects.bulk_create(ledger_lines(made))
    return made
