"""Where the marks go."""

from leads.charts import Whisker, scale_top, whisker
from leads.statistics import Rate


def test_the_scale_ends_at_a_twentieth_above_the_highest_interval():
    assert scale_top([Rate(58, 298), Rate(3, 795)]) == 0.25
    assert scale_top([Rate(40, 40)]) == 1.0


def test_without_enough_cases_the_scale_is_the_whole():
    assert scale_top([Rate(1, 5)]) == 1.0
    assert whisker(Rate(1, 5), 1.0) is None


def test_marks_lie_between_the_margins():
    """58 of 298: 15.4% to 24.3% around 19.5%, on a scale to 25%."""
    assert whisker(Rate(58, 298), 0.25) == Whisker(low=97.9, at=123.4, high=153.9)
    assert whisker(Rate(0, 40), 1.0).low == 2
    assert whisker(Rate(40, 40), 1.0).high == 158
