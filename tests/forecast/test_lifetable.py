"""How long things took, against what can be counted by hand."""

import numpy as np
import pytest

from reports.forecast.lifetable import at, at_risk, cumulative, happened, incidence, prolonged

ONE = np.zeros(1, dtype=np.int64)


def risk(entry: float, leave: float, ages: int = 4) -> list[float]:
    return at_risk(np.array([entry]), np.array([leave]), ONE, 1, ages)[0].tolist()


@pytest.mark.parametrize(
    ("entry", "leave", "weeks"),
    [
        (0, 14, [1, 1, 0, 0]),
        (0, 10.5, [1, 0.5, 0, 0]),
        (7, 14, [0, 1, 0, 0]),  # was a week old when we began to watch
        (3.5, 7, [0.5, 0, 0, 0]),
        (0, 42, [1, 1, 1, 3]),  # the last age is for all that are older
        (5, 5, [0, 0, 0, 0]),
    ],
)
def test_weeks_watched(entry, leave, weeks):
    assert risk(entry, leave) == weeks


def test_ends_are_counted_at_their_age_and_cell():
    table = happened(np.array([0.0, 6.9, 7.0, 400.0]), np.array([0, 0, 1, 1]), 2, 3)
    assert table.tolist() == [[2, 0, 0], [0, 1, 1]]


def test_whoever_is_still_open_counts_as_long_as_we_watched():
    """Kaplan and Meier: 4 began, one was won in week 0, one left our sight after it, one was won in week 1."""
    leave = np.array([7.0, 7.0, 14.0, 14.0])
    watched = at_risk(np.zeros(4), leave, np.zeros(4, dtype=np.int64), 1, 2)[0]
    hazard = np.array([1, 1]) / watched
    won, still = incidence(hazard, np.zeros(2))
    assert watched.tolist() == [4, 2]
    assert still == pytest.approx([1, np.exp(-0.25), np.exp(-0.75)])
    assert won == pytest.approx(1 - still)


def test_two_ways_to_end_share_what_ends():
    """Aalen and Johansen: with twice the hazard, twice the share; together they and what is open are all."""
    won, still = incidence(np.full(10, 0.2), np.full(10, 0.1))
    lost, _ = incidence(np.full(10, 0.1), np.full(10, 0.2))
    assert won == pytest.approx(2 * lost)
    assert won + lost + still == pytest.approx(np.ones(11))


def test_between_weeks_a_curve_is_straight_and_after_the_last_it_stays():
    curve = np.array([0.0, 0.4, 0.6])
    assert at(curve, np.array([0.0, 0.5, 1.0, 1.5, 2.0, 9.0])) == pytest.approx([0, 0.2, 0.4, 0.5, 0.6, 0.6])


def test_what_is_older_than_known_goes_on_as_last():
    assert cumulative(prolonged(np.array([1.0, 2.0]), 2)).tolist() == [0, 1, 3, 5, 7]
