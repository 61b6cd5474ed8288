"""A small model, leads it can score, and people who look at them."""

from datetime import timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from leads.enums import Axis
from leads.models import Company, Event, EventKind, Lead, Source, Standing, Team
from scoring import pipeline, publishing
from scoring.models import Criterion, Entry, Group, ScoringModel, Version

_numbers = count(1)


def make_model(name: str = "Inbound") -> ScoringModel:
    """Role and Company on fit, Buying on engagement; two criteria in Company that its cap cuts."""
    model = ScoringModel.objects.create(name=name, slug=name.lower().replace(" ", "-"), handoff_labels=["hot"])
    role = Group.objects.create(model=model, name="Role", axis=Axis.FIT, cap=20)
    company = Group.objects.create(model=model, name="Company", axis=Axis.FIT, cap=20, position=1)
    buying = Group.objects.create(model=model, name="Buying", axis=Axis.ENGAGEMENT, cap=30, position=2)
    add(role, "VP", 15, field("title", "contains", "VP"))
    add(role, "Student", -10, field("title", "contains", "student"), disqualifies=True)
    add(company, "200 or more employees", 15, field("company.employees", "at_least", 200))
    add(company, "Manufacturing", 10, field("company.industry", "is", "Manufacturing"))
    add(buying, "Pricing page", 8, {"event": "page_viewed", "where": [
        {"property": "url", "op": "contains", "value": "/pricing"}], "days": 30})  # fmt: skip
    add(buying, "Webinar", 10, {"event": "webinar_attended"}, counting="linear", days=60, at_most=25)
    return model


def add(group: Group, name: str, points: int, condition: Any, **extra: Any) -> Criterion:
    position = group.criteria.count()
    return Criterion.objects.create(
        model=group.model, group=group, name=name, points=points, condition=condition, position=position, **extra
    )


def field(name: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": name, "op": op, "value": value}


def go_live(model: ScoringModel, **extra: Any) -> Version:
    publication = publishing.publish(model, by=None, **extra)
    while publishing.run(publication):
        pass
    return Version.objects.get(pk=publication.version_id)


def rescore() -> None:
    while pipeline.rescore_due():
        pass


def reworded(model: ScoringModel) -> ScoringModel:
    """The draft says something new, so that it may be published, and scores nobody differently."""
    first = model.criteria.order_by("pk")[0]
    Criterion.objects.filter(pk=first.pk).update(name=f"{first.name}, reworded")
    return model


def make_lead(team: Team, **extra: Any) -> Lead:
    """A VP at a manufacturer of 420 people."""
    number = next(_numbers)
    company = Company.objects.create(
        team=team, name=f"Northwind {number}", domain=f"n{number}.example", industry="Manufacturing", employees=420
    )
    given = {"first_name": "Ana", "last_name": f"Ruiz {number}", "title": "VP Operations", "company": company}
    return Lead.objects.create(**{"team": team, "email": f"a{number}@n.example"} | given | extra)


def record(lead: Lead, kind: str, days_ago: float = 0, received_at: Any = None, **properties: Any) -> Event:
    source = Source.objects.named(lead.team, "Website", "website")
    return Event.objects.create(
        lead=lead, kind=EventKind.objects.get(slug=kind), source=source, properties=properties,
        occurred_at=timezone.now() - timedelta(days=days_ago), message_id=f"w{next(_numbers)}",
        received_at=received_at or timezone.now(),
    )  # fmt: skip


def history(lead: Lead) -> list[tuple[str, int | None, int | None]]:
    """Cause, total before and after of each line, the first one first."""
    return list(Entry.objects.filter(lead=lead).order_by("seq").values_list("cause", "total_before", "total"))


def due() -> list[int]:
    """The leads to be scored now, by the scorer's clock."""
    return sorted(Standing.objects.due(pipeline.database_clock()).values_list("pk", flat=True))
