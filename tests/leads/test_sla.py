"""Working time: Monday to Friday, 09:00 to 18:00, in the installation's zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.enums import Label
from leads.selling.sla import due_at
from leads.selling.worktime import WorkTime

# 2026-11-16 is a Monday.
FOUR_HOURS = [
    ("Mon 16 10:00", 4, "Mon 16 14:00"),
    ("Mon 16 14:00", 4, "Mon 16 18:00"),
    ("Mon 16 14:30", 4, "Tue 17 09:30"),
    ("Mon 16 07:00", 4, "Mon 16 13:00"),
    ("Mon 16 18:00", 4, "Tue 17 13:00"),
    ("Mon 16 23:59", 4, "Tue 17 13:00"),
    ("Fri 20 17:00", 4, "Mon 23 12:00"),
    ("Sat 21 12:00", 4, "Mon 23 13:00"),
    ("Sun 22 23:00", 4, "Mon 23 13:00"),
    ("Mon 16 09:00", 9, "Mon 16 18:00"),
    ("Mon 16 12:00", 9, "Tue 17 12:00"),
    ("Mon 16 12:00", 18, "Wed 18 12:00"),
    ("Fri 20 12:00", 18, "Tue 24 12:00"),
    ("Mon 16 12:00", 45, "Mon 23 12:00"),
    ("Mon 16 12:00", 0, "Mon 16 12:00"),
    ("Sat 21 12:00", 0, "Mon 23 09:00"),
    ("Mon 16 12:00", 0.5, "Mon 16 12:30"),
]


def november(moment: str, zone: object = UTC) -> datetime:
    _, day, clock = moment.split()
    hour, minute = clock.split(":")
    return datetime(2026, 11, int(day), int(hour), int(minute), tzinfo=zone)  # type: ignore[arg-type]


@pytest.mark.parametrize(("start", "hours", "end"), FOUR_HOURS)
def test_working_hours_later(start, hours, end):
    assert WorkTime().after(november(start), hours) == november(end)


def test_a_start_within_working_hours_and_its_end_are_that_far_apart():
    for start, hours, end in FOUR_HOURS:
        assert WorkTime().between(november(start), november(end)) == timedelta(hours=hours)


def test_no_working_time_backwards():
    assert WorkTime().between(november("Tue 17 12:00"), november("Mon 16 12:00")) == timedelta()


def test_the_clock_runs_in_the_zone_of_the_installation(settings):
    settings.TIME_ZONE = "America/New_York"
    zone = ZoneInfo("America/New_York")
    assert WorkTime().after(november("Mon 16 17:00", zone), 4) == november("Tue 17 12:00", zone)
    # The same moment seen from UTC, where it is Monday 22:00, makes no difference.
    assert WorkTime().after(november("Mon 16 22:00"), 4) == november("Tue 17 12:00", zone)


def test_a_weekend_in_which_the_clock_changes(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    zone = ZoneInfo("Europe/Berlin")
    friday = datetime(2026, 3, 27, 17, 0, tzinfo=zone)
    assert WorkTime().after(friday, 4) == datetime(2026, 3, 30, 12, 0, tzinfo=zone)


@pytest.mark.parametrize(
    ("label", "late"),
    [
        (Label.HOT, "Mon 16 14:00"),
        (Label.WARM, "Tue 17 10:00"),
        (Label.COOL, "Wed 18 10:00"),
        (Label.COLD, "Wed 18 10:00"),
        ("", "Wed 18 10:00"),
    ],
)
def test_the_promise_of_each_label(label, late):
    assert due_at(label, november("Mon 16 10:00")) == november(late)


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


@given(start=MOMENTS, hours=st.integers(0, 100))
def test_adding_and_measuring_agree(start, hours):
    end = WorkTime().after(start, hours)
    assert end >= start
    assert WorkTime().between(start, end) == timedelta(hours=hours)
