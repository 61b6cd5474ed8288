"""Days are the installation's, whoever looks and from where."""

from datetime import date, datetime, timedelta

import pytest
import time_machine

from leads.days import day_of, midnight
from leads.enums import HandoffState
from leads.selling.handoffs import recycle
from tests.sales import hand_off, make_user

HERE, TOMORROW = date(2026, 12, 31), date(2027, 1, 1)  # in UTC, where the tests are installed


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("UTC", date(2027, 1, 1), "2027-01-01T00:00Z"),
        ("Europe/Berlin", date(2026, 10, 25), "2026-10-24T22:00Z"),
        ("Europe/Berlin", date(2026, 10, 26), "2026-10-25T23:00Z"),
        ("Europe/Berlin", date(2027, 3, 29), "2027-03-28T22:00Z"),
        ("America/Santiago", date(2026, 9, 6), "2026-09-06T04:00Z"),  # begins at one
        ("America/Havana", date(2026, 11, 1), "2026-11-01T04:00Z"),  # has two midnights
    ],
)
def test_a_day_begins_at_its_first_moment(settings, zone, day, begins):
    settings.TIME_ZONE = zone
    first = midnight(day)
    assert first == datetime.fromisoformat(begins)
    assert (day_of(first - timedelta(microseconds=1)), day_of(first)) == (day - timedelta(days=1), day)


def test_a_lead_rests_on_its_last_day_also_for_who_is_ahead(client, team):
    kim = make_user("Kim", team, time_zone="Pacific/Kiritimati")
    with time_machine.travel("2026-12-31T12:00Z"):  # two o'clock on the first of January for Kim
        handoff = hand_off(team)
        recycle(handoff, by=kim, until=TOMORROW)
        client.force_login(kim)
        assert client.get("/handoffs/?tab=resting").context["tabs"][-1][2] == 1


def test_who_is_behind_is_offered_a_day_that_may_be_chosen(client, team):
    kim = make_user("Kim", team, time_zone="America/Los_Angeles")
    with time_machine.travel("2026-12-31T03:00Z"):  # still the thirtieth for Kim
        handoff = hand_off(team)
        client.force_login(kim)
        address = f"/handoffs/{handoff.pk}/recycling/"
        first = client.get(address).context["form"].fields["until"].widget.attrs["min"]
        assert first == str(TOMORROW)
        assert client.post(address, {"until": str(HERE)}).status_code == 422
        assert client.post(address, {"until": first}).status_code == 302
    handoff.refresh_from_db()
    assert (handoff.state, handoff.lead.resting_until) == (HandoffState.RECYCLED, TOMORROW)
