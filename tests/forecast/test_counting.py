"""What is known at a moment, where CRMs say days and no hours: midnight of the first is when a month is forecast."""

from datetime import timedelta

import pytest

from leads.enums import DealState
from leads.models import Deal
from reports.days import midnight
from reports.forecast.counting import count
from reports.forecast.simulation import world
from tests.forecast.worlds import first_of, sell

pytestmark = pytest.mark.django_db


def test_what_is_won_on_the_first_is_not_known_at_its_midnight(team):
    """It brings revenue to the month that begins, so then it is open, and its amount is not known."""
    first = midnight(first_of(1))
    sell(team, 4, until=first)
    known = count(first)
    won = Deal.objects.filter(state=DealState.WON, closed_at__gt=first - timedelta(days=200))
    number = Deal.objects.filter(pk__in=won.values("pk")[:20]).update(closed_at=first)
    then = count(first)
    assert number == 20
    assert (then.won, len(then.open_deals)) == (known.won - 20, len(known.open_deals) + 20)
    assert then.won_count.sum() == then.won
    assert world(then, 20).parameters.priced == 1.0
