"""Days since activity and completeness, asked of lists as of scores."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.conditions.compile import leads_matching
from leads.conditions.vocabulary import Vocabulary
from leads.details import completeness
from leads.models import Company, Event, EventKind, Field, Lead, Source
from tests.sales import make_lead, make_team

pytestmark = pytest.mark.django_db


def did(lead: Lead, kind: str, days_ago: float, **extra: Any) -> None:
    source = Source.objects.named(lead.team, "Website", "website")
    Event.objects.create(
        lead=lead, kind=EventKind.objects.get(slug=kind), source=source, message_id=f"{lead.pk} {kind} {days_ago}",
        occurred_at=timezone.now() - timedelta(days=days_ago), **extra,
    )  # fmt: skip


def matching(op: str, value: Any = None, field: str = "days_since_activity") -> set[Lead]:
    test = {"field": field, "op": op} | ({} if value is None else {"value": value})
    return set(Lead.objects.filter(leads_matching(test)))


def test_days_since_activity_is_the_last_thing_the_lead_did_itself() -> None:
    team = make_team()
    silent, active, never = (make_lead(team) for _ in range(3))
    did(silent, "page_viewed", 90)
    did(silent, "page_viewed", 50)
    did(silent, "email_sent", 1)  # ours
    did(silent, "email_opened", 2, quarantined=True)  # a scanner's
    did(active, "page_viewed", 3)
    did(active, "webinar_attended", -5)  # a date in the future has not happened
    assert matching("is", 50) == {silent}
    assert matching("at_least", 45) == {silent}
    assert matching("less_than", 45) == matching("is", 3) == {active}
    assert matching("unknown") == {never}


def test_completeness_is_what_the_lead_page_says() -> None:
    team = make_team()
    company = Company.objects.create(team=team, name="Tarn", industry="Robots", employees=0)
    bare, some = make_lead(team), make_lead(team, company=company, email="a@tarn.example", title="VP", phone="")
    assert {completeness(bare).percent, completeness(some).percent} == {0, 45}
    assert matching("is", 45, "completeness") == {some}
    assert matching("less_than", 45, "completeness") == {bare}
    assert matching("unknown", None, "completeness") == set()


def test_fields_of_lead_and_company_with_one_name_can_be_told_apart() -> None:
    for of in (Field.LEAD, Field.COMPANY):
        Field.objects.create(key="postal_code", label="Postal code", type="text", of=of)
    Field.objects.create(key="plants", label="Plants", type="number", of=Field.COMPANY)
    terms = Vocabulary.load().terms
    keys = ("custom.postal_code", "company.custom.postal_code", "company.custom.plants")
    assert [terms[key].label for key in keys] == ["Postal code", "Company: Postal code", "Plants"]
