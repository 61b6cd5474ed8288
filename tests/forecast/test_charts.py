"""Where the marks of the forecast go."""

from datetime import UTC, date, datetime

from leads.charts import Mark, against
from reports.forecast.charts import fan
from reports.forecast.months import Forecast, Group, Month, Past, Total


def month(number: int, expected: float) -> Month:
    low, high = expected / 2, expected * 2
    return Month(date(2026, number, 1), expected, low, high, expected * 0.8, expected * 1.2, expected, 0, 0, 0, 0)


def test_said_against_came():
    """The value axis runs from 182 (0) to 16 (150): 83 is half way up."""
    chart = against("x", [Mark("Aug", 100, 75, 125, 75), Mark("Sep", 100, 75, 125, 150)])
    august, september = chart.boxes
    assert (august.y, august.height, august.said, august.came) == (43.7, 55.3, 71.3, 99.0)
    assert (august.middle, september.middle, august.width, august.end) == (146.0, 350.0, 28, 160.0)
    assert [box.outside for box in chart.boxes] == [False, True]
    assert september.came == 16
    assert chart.rows[1] == ["Sep", "100", "75", "125", "150"]


def test_the_fan_begins_at_what_came_last():
    found = Forecast(
        as_of=datetime(2026, 8, 20, tzinfo=UTC), months=[month(9, 300_000), month(10, 100_000)], rest=month(8, 50_000),
        total=Total(1, 1, 1), labels=[Group("hot", [], 0, 0)], teams=[], past=[Past(date(2026, 7, 1), 200_000, 3, 1)],
        so_far=150_000, deals=90,
    )  # fmt: skip
    chart = fan(found)
    assert [name.text for name in chart.names] == ["Jul", "Aug, open", "Sep", "Oct"]
    actual, expected = chart.paths
    assert (actual.points.count(" "), expected.points.count(" ")) == (0, 3)
    assert expected.points.split()[0] == actual.points  # both at July
    assert chart.rows[1] == ["Aug, open", "–", "200 (175 to 250)"]
