"""Deals of a CRM on their way through what is counted: conversion, time to close, deal value, backtest and learning."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import time_machine
from django.utils import timezone

from leads.enums import Label, Role
from leads.models import Deal, Lead
from leads.selling.handoffs import accept, open_handoffs
from leads.statistics import Rate
from reports.queries import conversion, funnel, overview
from reports.scope import Scope
from reports.summaries import count_due
from scoring.learning.pastleads import past_leads
from scoring.sample import Question, sample
from tests.crm.steps import CONTACTS, DEALS, ONE, people, sync
from tests.crm.worlds import World
from tests.sales import make_user, score

DAY = timedelta(days=1)


@ONE
def test_deals_are_counted_from_when_they_were_closed_and_known(world: World) -> None:
    """Three come in spring; one buys after 10 days, one is lost, of one nothing is known yet."""
    spring = datetime(2026, 3, 2, 9, tzinfo=UTC)
    kim = make_user("Kim", world.connection.team, Role.MANAGER)
    with time_machine.travel(spring):
        ids = people(world, 3)
        sync(world)
        leads = list(Lead.objects.order_by("email"))
        for lead in leads:
            accept(open_handoffs([score(lead, label=Label.HOT).pk])[0], by=kim)
        made = [world.crm.add(DEALS, name=f"D{n}", stage="new", pipeline="sales", amount=100, links={CONTACTS: [id]})
                for n, id in enumerate(ids[:2])]  # fmt: skip
        sync(world)
    with time_machine.travel(spring + 10 * DAY):
        world.crm.edit(DEALS, made[0], stage="won", amount=2500, closed_at=world.crm.now())
        sync(world)
        _known(0, "won", spring + 10 * DAY)
    with time_machine.travel(spring + 20 * DAY):
        world.crm.edit(DEALS, made[1], stage="lost")
        sync(world)
        _known(1, "lost", spring + 20 * DAY)
    with time_machine.travel(spring + 40 * DAY):
        scope = Scope(kim, spring.date(), (spring + 40 * DAY).date())
        count_due()
        figures = overview.overview(scope)
        assert (figures.leads, figures.closed, figures.average_deal) == (3, 1, Decimal(2500))
        steps = {step.step: step.leads for step in funnel.funnel(scope).steps}
        assert (steps["Opportunity (SQL)"], steps["Customer"]) == (2, 1)
        [hot] = conversion.conversion_by_label(scope)
        assert (hot.label, hot.customers) == ("hot", Rate(1, 3))
        question = Question(within=30, after=1)
        found = sample(question, timezone.now())
        assert [(lead, bool(won)) for (lead, _), won in zip(found.moments, found.won, strict=True)] == [
            (lead.pk, lead == leads[0]) for lead in leads
        ]
        assert found.decided[0] == spring + 10 * DAY
        assert list(past_leads(found).table.won) == [True, False, False]
        # Who had bought before the moment of the question taught nothing: there was nothing left to decide.
        assert sample(Question(within=15, after=11), timezone.now()).wins == 0


def _known(number: int, state: str, at: datetime) -> None:
    deal = Deal.objects.get(name=f"D{number}")
    assert (deal.state, abs(deal.known_at - at) < DAY, deal.closed_at is not None) == (state, True, True)
