"""A CRM that is older than leadscore: who came when, and how long they took, is as the CRM says."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from leads.enums import Role
from leads.models import Lead
from leads.statistics import Rate
from reports.models import Fact
from reports.queries import conversion, outcomes, overview
from reports.scope import Scope
from reports.summaries import count_due
from scoring.models import Entry
from tests.crm.steps import CONTACTS, DEALS, ONE, people, sync
from tests.crm.worlds import World
from tests.sales import make_lead, make_user, score

DAY = timedelta(days=1)
MARCH = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_a_lead_of_a_first_sync_came_when_its_record_was_made(world: World) -> None:
    """By our clock and never later than now; of whom we knew already, and with later syncs, nothing moves."""
    came = make_lead(world.connection.team, email="kim@example.com").created_at
    ana, _ = [
        world.crm.add(CONTACTS, email=email, first_name="A", last_name="Ruiz", at=MARCH)
        for email in ("ana@example.com", "kim@example.com")
    ]
    sync(world)
    assert _came("ana@example.com") == MARCH
    assert _came("kim@example.com") == came
    world.crm.edit(CONTACTS, ana, title="VP Sales")
    sync(world)
    assert (_came("ana@example.com"), Lead.objects.get(email="ana@example.com").title) == (MARCH, "VP Sales")


@ONE
def test_a_record_of_tomorrow_came_today(world: World) -> None:
    [id] = people(world, 1)
    world.crm.records[CONTACTS, id].created_at += 30 * DAY
    sync(world)
    assert abs(Lead.objects.get().created_at - datetime.now(UTC)) < timedelta(minutes=1)


@ONE
def test_reports_of_a_crm_with_history(world: World) -> None:
    """32 came in March: one bought after 10 days, one had bought before somebody made the contact; one came today."""
    kim = make_user("Kim", world.connection.team, Role.MANAGER)
    with time_machine.travel(MARCH):
        ids = people(world, 32)
        for id, after in zip(ids, (10, -20), strict=False):
            world.crm.add(DEALS, name=f"D{after}", stage="won", pipeline="sales", amount=100, links={CONTACTS: [id]},
                          closed_at=MARCH + after * DAY)  # fmt: skip
    with time_machine.travel(NOW):
        world.crm.add(CONTACTS, email="new@example.com", first_name="N", last_name="Ew")
        sync(world)
        for lead in Lead.objects.all():
            score(lead)
        count_due()
        assert sorted(Fact.objects.filter(customers=1).values_list("took", flat=True), key=str) == [10.0, None]
        spring, autumn = (Scope(kim, day, day + 30 * DAY) for day in (MARCH.date(), NOW.date() - 10 * DAY))
        figures = overview.overview(spring)
        assert (figures.leads, figures.lead_to_customer.k, figures.days_to_close, figures.closed) == (32, 2, 10, 1)
        figures = overview.overview(autumn)
        assert (figures.leads, figures.closed) == (1, 0)
        [unscored] = conversion.conversion_by_label(spring)
        assert (unscored.label, unscored.customers) == ("", Rate(2, 32))
        curve = outcomes.closing_by(spring, "team")[kim.memberships.get().team_id]
        assert (curve.events, curve.by(9), curve.by(10)) == (1, 0, pytest.approx(1 / 31))
        assert Entry.objects.filter(as_of__lt=NOW).count() == 0


def _came(email: str) -> datetime:
    return Lead.objects.get(email=email).created_at
