"""What a criterion found on a lead, in words."""

from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.models import Field, Lead, Standing
from scoring.evidence import Evidence, evidence_for
from scoring.ledgers import Ledger, ledger_of
from tests.sales import make_team
from tests.scoring.workshop import add, field, go_live, make_lead, make_model, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead() -> Lead:
    return make_lead(make_team(), country="ES")


def evidence(lead: Lead, condition: object, as_of: datetime | None = None) -> Evidence:
    return evidence_for(lead.pk, [condition], as_of or timezone.now())[0]


def texts(lead: Lead, condition: object) -> list[str]:
    return [found.text for found in evidence(lead, condition).found]


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (field("title", "contains", "vp"), "VP Operations"),
        (field("company.employees", "at_least", 200), "420"),
        (field("email_kind", "is", "business"), "Business"),
        ({"field": "phone", "op": "unknown"}, "Unknown"),
        ({"field": "custom.budget", "op": "at_least", "value": 1000}, "12,500"),
        ({"field": "custom.renewal", "op": "known"}, "31 Jan 2026"),
        ({"field": "custom.partner", "op": "is", "value": True}, "Yes"),
        ({"field": "custom.tags", "op": "includes", "value": ["b"]}, "a, b"),
    ],
)
def test_a_field_shows_its_value(lead: Lead, condition: object, text: str) -> None:
    for key, type_ in (("budget", "number"), ("renewal", "date"), ("partner", "boolean"), ("tags", "list")):
        Field.objects.create(key=key, label=key, type=type_)
    values = {"budget": 12500, "renewal": "2026-01-31", "partner": True, "tags": ["a", "b"]}
    Lead.objects.filter(pk=lead.pk).update(fields=values)
    assert texts(lead, condition) == [text]


def test_events_show_the_last_ones_name_how_often_and_when(lead: Lead) -> None:
    record(lead, "page_viewed", 9, url="/pricing/old")
    last = record(lead, "page_viewed", 2, url="/pricing")
    record(lead, "page_viewed", 1, url="/docs")
    condition = {"event": "page_viewed", "where": [{"property": "url", "op": "starts_with", "value": "/pricing"}]}
    (found,) = evidence(lead, condition).found
    assert (found.text, found.at) == ("/pricing, 2 times", last.occurred_at)


def test_an_event_without_a_name_says_how_often(lead: Lead) -> None:
    record(lead, "call_held", 3)
    assert texts(lead, {"event": "call_held"}) == ["Once"]


def test_events_after_the_moment_and_quarantined_ones_are_not_shown(lead: Lead) -> None:
    event = record(lead, "call_held", 3)
    record(lead, "call_held", 0)
    bot = record(lead, "call_held", 4)
    type(bot).objects.filter(pk=bot.pk).update(quarantined=True)
    (found,) = evidence(lead, {"event": "call_held"}, event.occurred_at).found
    assert (found.text, found.at) == ("Once", event.occurred_at)


def test_what_never_happened_is_said(lead: Lead) -> None:
    assert texts(lead, {"event": "call_held", "at_most": 0}) == ["Never"]
    assert texts(lead, {"event": "call_held", "at_most": 0, "days": 5}) == ["Not in 5 days"]


def test_only_what_speaks_for_a_condition_is_shown(lead: Lead) -> None:
    spain, germany = field("country", "is", "ES"), field("country", "is", "DE")
    assert texts(lead, {"any": [field("title", "is", "CEO"), spain]}) == ["ES"]
    assert texts(lead, {"all": [field("title", "contains", "VP"), {"not": germany}]}) == ["VP Operations", "ES"]


def test_a_condition_over_a_field_that_is_gone_finds_nothing(lead: Lead) -> None:
    assert evidence(lead, field("custom.gone", "is", "x")) == Evidence(holds=False)


def test_the_number_of_queries_does_not_grow(lead: Lead) -> None:
    record(lead, "page_viewed", 2, url="/pricing")
    few = [field("title", "contains", "VP"), {"event": "page_viewed"}]
    many = [*few, *(field("company.employees", "at_least", n) for n in range(20)),
            *({"event": "page_viewed", "at_least": 1, "days": n} for n in range(5, 25))]  # fmt: skip
    counts = []
    for conditions in (few, many):
        with CaptureQueriesContext(connection) as queries:
            evidence_for(lead.pk, conditions, timezone.now())
        counts.append(len(queries))
    assert counts == [6, 6]


# --- The ledger ---------------------------------------------------------------------------------------


def ledger(lead: Lead) -> Ledger:
    found = ledger_of(Standing.objects.get(pk=lead.pk))
    assert found is not None
    return found


def test_the_lines_add_up_group_by_group_and_axis_by_axis(lead: Lead) -> None:
    record(lead, "page_viewed", 1, url="/pricing")
    go_live(make_model())
    whole = ledger(lead)
    fit, engagement = whole.axes
    assert [(g.rule.name, g.points, g.limit and g.limit.points) for g in fit.groups] == [
        ("Role", 15, None), ("Company", 20, -5),
    ]  # fmt: skip
    assert fit.groups[1].limit is not None
    assert fit.groups[1].limit.name == "Cap: Company gives at most 20"
    assert (fit.points, engagement.points, whole.total) == (35, 8, 43)
    assert whole.total == whole.standing.total
    assert [line.name for line in whole.unmet] == ["Student", "Webinar"]


def test_an_axis_below_zero_says_so(lead: Lead) -> None:
    model = make_model()
    add(model.groups.get(name="Buying"), "Unsubscribed", -20, {"event": "email_unsubscribed"})
    record(lead, "email_unsubscribed", 1)
    go_live(model)
    limit = ledger(lead).axes[1].limit
    assert limit is not None
    assert (limit.name, limit.points) == ("Engagement is never below 0", 20)


def test_what_disqualifies_is_named(lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(title="Student, VP of the chess club")
    go_live(make_model())
    assert [line.name for line in ledger(lead).disqualified_by] == ["Student"]


def test_a_lead_that_is_not_scored_has_no_ledger(lead: Lead) -> None:
    assert ledger_of(Standing.objects.get(pk=lead.pk)) is None
