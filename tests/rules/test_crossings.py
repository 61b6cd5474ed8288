"""Entering and leaving: noticed once, with a border that holds and days of quiet."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads import segments
from leads.enums import RulePhase, Stage
from leads.models import Inside, Lead, Rule, Segment
from leads.rules import editing, passes
from scoring import pipeline
from tests.rules.watching import crossings, make_rule, make_segment, run_passes
from tests.sales import make_team
from tests.scoring.workshop import field, go_live, make_lead, make_model, record, rescore

pytestmark = pytest.mark.django_db

# In the last hour of a day, so that an hour later is another moment than the midnight before it.
LATE = datetime(2026, 11, 18, 23, 20, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 19, tzinfo=UTC)
IN_AN_HOUR = LATE + timedelta(hours=1)


@pytest.fixture
def live() -> None:
    go_live(make_model())


def viewed(times: int = 1, days: int | None = None) -> dict[str, Any]:
    return {"event": "page_viewed", "at_least": times} | ({"days": days} if days else {})


def test_a_lead_enters_and_leaves_once(live: None) -> None:
    rule = make_rule(make_segment(condition=field("title", "contains", "VP")))
    lead = make_lead(make_team(), title="Clerk")
    rescore()
    assert crossings(rule) == []
    for title in ("VP Sales", "VP Sales and more", "Clerk", "Clerk again"):
        Lead.objects.filter(pk=lead.pk).update(title=title)
        rescore()
        rescore()
    assert crossings(rule) == [(lead.pk, "entered", "done"), (lead.pk, "left", "noted")]
    assert Lead.objects.get(pk=lead.pk).tags == ["seen"]


def test_who_is_inside_when_a_rule_is_switched_on_does_not_enter(live: None) -> None:
    inside, outside = make_lead(make_team()), make_lead(make_team(), title="Clerk")
    rescore()
    rule = make_rule(make_segment(condition=field("title", "contains", "VP")))
    assert list(Inside.objects.values_list("lead", "inside")) == [(inside.pk, True)]
    Lead.objects.update(title="VP")
    rescore()
    assert crossings(rule) == [(outside.pk, "entered", "done")]


def test_also_those_inside_wait_for_review(live: None) -> None:
    lead = make_lead(make_team())
    rescore()
    rule = make_rule(make_segment(condition=field("title", "contains", "VP")), also_inside=True)
    run_passes()
    assert crossings(rule) == [(lead.pk, "entered", "review")]
    assert Lead.objects.get(pk=lead.pk).tags == []


def test_a_changed_condition_begins_anew(live: None) -> None:
    vp, clerk = make_lead(make_team()), make_lead(make_team(), title="Clerk")
    segment = make_segment(condition=field("title", "contains", "VP"))
    rule = make_rule(segment)
    segment.condition = field("title", "contains", "Clerk")
    segments.save(segment)
    rescore()  # while who is inside is not yet recorded
    run_passes()
    assert crossings(rule) == []
    assert dict(Inside.objects.values_list("lead", "inside")) == {vp.pk: False, clerk.pk: True}
    Lead.objects.filter(pk=vp.pk).update(title="Clerk")
    rescore()
    assert crossings(rule) == [(vp.pk, "entered", "done")]


def test_a_lead_at_the_border_stays_inside(live: None) -> None:
    rule = make_rule(
        make_segment("Viewed twice", viewed(2)),
        stays=make_segment("Phone", field("phone", "known")),
        direction="leaving",
    )
    lead = make_lead(make_team(), phone="+4930123")
    record(lead, "page_viewed"), record(lead, "page_viewed")
    rescore()
    lead.events.update(quarantined=True)
    rescore()
    assert crossings(rule) == [(lead.pk, "entered", "noted")]
    Lead.objects.update(phone="")
    rescore()
    assert crossings(rule)[1:] == [(lead.pk, "left", "done")]
    Lead.objects.update(phone="+4930123")  # what keeps inside does not bring in
    rescore()
    assert len(crossings(rule)) == 2


def test_days_of_quiet(live: None) -> None:
    rule = make_rule(make_segment(condition=field("title", "contains", "VP")), quiet_days=7)
    lead = make_lead(make_team(), title="Clerk")
    for title in ("VP", "Clerk", "VP", "Clerk"):
        Lead.objects.update(title=title)
        rescore()
    Inside.objects.update(fired_at=timezone.now() - timedelta(days=8))
    Lead.objects.update(title="VP")
    rescore()
    assert [state for _, _, state in crossings(rule)] == ["done", "noted", "quiet", "noted", "done"]
    assert {lead for lead, _, _ in crossings(rule)} == {lead.pk}


def test_what_sales_does_is_noticed(live: None) -> None:
    """Stage and owner are not scored, and may be asked."""
    lead = make_lead(make_team())
    rescore()
    rule = make_rule(make_segment(condition=field("stage", "any_of", ["rejected"])))
    Lead.objects.update(stage=Stage.REJECTED)
    rescore()
    assert crossings(rule) == [(lead.pk, "entered", "done")]


def test_silence_is_noticed_by_time_alone(live: None) -> None:
    with time_machine.travel(LATE, tick=False):
        lead = make_lead(make_team())
        record(lead, "page_viewed", days_ago=13)
        rescore()
        rule = make_rule(make_segment("Silent", {"event": "page_viewed", "last_before": 14}))
    for moment, seen in [(MIDNIGHT - timedelta(seconds=1), []), (LATE + timedelta(days=1), ["entered"])]:
        with time_machine.travel(moment, tick=False):
            run_passes()
        assert [crossing[1] for crossing in crossings(rule)] == seen
    rule.refresh_from_db()
    assert rule.due_at == MIDNIGHT + timedelta(days=1)


@pytest.mark.parametrize(
    ("condition", "again"),
    [
        (field("title", "known"), None),
        (field("created", "in_last_days", 3), MIDNIGHT),
        (field("days_since_activity", "at_least", 3), MIDNIGHT),
        (viewed(1, days=3), MIDNIGHT),
        (viewed(1), None),
        (field("company.best_score", "at_least", 50), IN_AN_HOUR),
    ],
)
def test_all_leads_are_asked_again_only_where_time_changes_answers(condition: Any, again: datetime | None) -> None:
    with time_machine.travel(LATE, tick=False):
        rule = make_rule(make_segment(condition=condition))
    rule.refresh_from_db()
    assert (rule.due_at, rule.phase) == (again, RulePhase.WATCHING)


def test_without_rules_scoring_asks_nothing_more(live: None) -> None:
    segment = make_segment()
    lead = make_lead(make_team())
    rescore()

    def queries() -> int:
        record(lead, "page_viewed")
        with CaptureQueriesContext(connection) as seen:
            pipeline._score_page(10)
        assert not any("leads_inside" in query["sql"] for query in seen) or Rule.objects.exists()
        return len(seen)

    queries()
    none = queries()
    for number in range(3):
        make_rule(segment, name=f"Rule {number}")
    three = queries()
    # a savepoint, one statement for all rules, the end of the savepoint; the first time it is compiled
    assert queries() - none == 3
    assert three > none


def test_only_leads_of_the_rules_team(live: None) -> None:
    ours, theirs = make_lead(make_team(), title="Clerk"), make_lead(make_team("APAC"), title="Clerk")
    rule = make_rule(make_segment(condition=field("title", "contains", "VP")), team=make_team())
    Lead.objects.filter(pk__in=[ours.pk, theirs.pk]).update(title="VP")
    rescore()
    assert crossings(rule) == [(ours.pk, "entered", "done")]


def test_a_rule_that_cannot_be_asked_stops_nobody(live: None) -> None:
    good = make_rule(make_segment(condition=field("title", "contains", "VP")))
    bad = make_rule(make_segment("Gone", field("title", "known")))
    Segment.objects.filter(name="Gone").update(condition=field("custom.gone", "known"))
    Rule.objects.filter(pk=bad.pk).update(rev=bad.rev + 100)
    lead = make_lead(make_team())
    rescore()
    bad.refresh_from_db()
    assert (bad.active, bad.problem) == (False, "field: there is no field 'custom.gone'")
    assert crossings(good) == [(lead.pk, "entered", "done")]


def test_switched_off_it_watches_no_more(live: None) -> None:
    rule = make_rule(make_segment(condition=field("title", "contains", "VP")))
    rule.active = False
    editing.save(rule)
    make_lead(make_team())
    rescore()
    assert crossings(rule) == []
    rule.refresh_from_db()
    assert passes.step(rule) is False
