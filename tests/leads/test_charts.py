"""Where the marks go."""

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from leads.charts import (
    Band,
    Cell,
    Curve,
    HeatRow,
    Part,
    Series,
    Spark,
    Stop,
    Whisker,
    columns,
    curves,
    funnel_steps,
    heat,
    lines,
    scale_top,
    spark,
    spread,
    whisker,
)  # fmt: skip
from leads.charts.frame import named, plain, tip, up
from leads.statistics import Rate
from leads.views.ui_charts import samples


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


# --- Scales ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("highest", "texts"),
    [
        (0, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (7, ["0", "2", "4", "6", "8"]),
        (10, ["0", "2", "4", "6", "8", "10"]),
        (96, ["0", "20", "40", "60", "80", "100"]),
        (730, ["0", "200", "400", "600", "800"]),
        (1_499, ["0", "500", "1,000", "1,500"]),
    ],
)
def test_the_value_axis_has_a_few_round_numbers(highest, texts):
    scale, ticks = up([highest], 210, plain)
    assert [tick.text for tick in ticks] == texts
    assert (ticks[0].at, ticks[-1].at) == (182, 16), "from the floor to the ceiling"
    assert scale.place(0) == 182


def test_below_zero_there_is_room_too():
    scale, ticks = up([-3, 10], 210, plain)
    assert ticks[0].text == "-5" and ticks[-1].text == "10"
    assert scale.place(-5) == 182


@given(st.floats(min_value=1e-6, max_value=1e12, allow_nan=False))
def test_whatever_the_highest_value_it_lies_inside(highest):
    scale, ticks = up([highest], 210, plain)
    assert 3 <= len(ticks) <= 8
    assert 16 <= scale.place(highest) <= 182


def test_names_that_would_overlap_are_left_out_but_the_last():
    months = [f"Jan {year}" for year in range(2000, 2024)]
    shown = [tick.text for tick in named(months, [44 + 17.0 * at for at in range(24)])]
    assert shown == ["Jan 2003", "Jan 2007", "Jan 2011", "Jan 2015", "Jan 2019", "Jan 2023"]


@pytest.mark.parametrize(("x", "middle"), [(230, 230), (0, 42.2), (460, 417.8)])
def test_a_tip_stays_inside_the_chart(x, middle):
    box = tip(x, ["Hot 12", "Warm 31 x"], 460)
    assert (box.width, box.x) == (pytest.approx(77.4), pytest.approx(middle, abs=4))
    assert (box.height, [y for y, _ in box.texts]) == (38, [15, 31])
    assert box.x + box.start >= 0 and box.x + box.width / 2 <= 460


# --- Kinds ----------------------------------------------------------------------------------------------------


def test_columns_stack_from_the_floor_and_add_up():
    chart = columns("Leads", ["Oct", "Nov"], [Part("Cold", [6, 0], "cold"), Part("Hot", [2, 4], "hot")])
    october, november = chart.columns
    assert [(part.y, part.height, part.tone) for part in october.segments] == [
        (57.5, 124.5, "cold"),
        (16.0, 41.5, "hot"),
    ]
    assert [part.tone for part in november.segments] == ["hot"], "nothing is not drawn"
    assert (october.x, october.width) == (114.0, 64)
    assert october.tip.words == "Oct: 8, Cold 6, Hot 2"
    assert (october.hit, october.hit_width, november.hit) == (44, 204, 248)
    assert (chart.heads, chart.rows) == (
        ["", "Cold", "Hot", "Sum"],
        [["Oct", "6", "2", "8"], ["Nov", "0", "4", "4"]],
    )


def test_columns_of_a_whole_all_reach_the_top_but_the_empty_one():
    chart = columns("Mix", ["Oct", "Nov"], [Part("Cold", [3, 0]), Part("Hot", [1, 0])], of_whole=True)
    assert [tick.text for tick in chart.ticks] == ["0%", "20%", "40%", "60%", "80%", "100%"]
    assert chart.columns[0].segments[-1].y == 16
    assert chart.columns[1].segments == []
    assert chart.columns[0].tip.words == "Oct: 4, Cold 3 (75%), Hot 1 (25%)"


def test_a_line_has_a_gap_where_nothing_is_known():
    series = Series("Rate", [1, 2, None, 4], bands=[Band([0, 1, None, 3], [2, 3, None, 4])], words=list("abcd"))
    chart = lines("Rates", ["A", "B", "C", "D"], [series])
    assert [path.points for path in chart.paths] == ["60.0,140.5 185.3,99.0", "436.0,16.0"]
    assert [band.points for band in chart.bands] == ["60.0,182.0 185.3,140.5 185.3,57.5 60.0,99.0"]
    assert [(mark.x, mark.low, mark.high) for mark in chart.whiskers] == [(436.0, 57.5, 16.0)]
    assert [len(place.dots) for place in chart.places] == [1, 1, 0, 1]
    assert [place.tip.words for place in chart.places] == ["A: a", "B: b", "C: c", "D: d"]
    assert chart.rows == [["A", "a"], ["B", "b"], ["C", "c"], ["D", "d"]]


def test_two_lines_share_a_tip_a_marker_and_a_limit():
    now, before = Series("Now", [1, 2]), Series("Before", [None, 1], "before", dashed=True)
    chart = lines("Two", ["A", "B"], [now, before], marker=(1, "version 4"), limit=(3, "most"), urls=["/a", "/b"])
    assert [place.tip.words for place in chart.places] == ["A, Now 1", "B, Now 2, Before 1"]
    assert (chart.marker, chart.limit) == (436, 16)
    assert [place.url for place in chart.places] == ["/a", "/b"]
    assert [(one.name, one.tone) for one in chart.legend] == [("Now", ""), ("Before", "before")]


def test_a_curve_of_steps_holds_its_value_until_the_next():
    curve = Curve("Closed", [(0, 0), (50, 1)], steps=True, band=[(0, 0, 0), (50, 0.5, 1)])
    chart = curves("Closed", [curve], high=100, stops=[Stop(50, ["Day 50", "100%"])], heads=["Day", "Share"])
    assert chart.paths[0].points == "44.0,182.0 248.0,182.0 248.0,16.0"
    assert chart.bands[0].points == "44.0,182.0 248.0,99.0 248.0,16.0 44.0,182.0"
    assert (chart.places[0].hit, chart.places[0].hit_width) == (44, 408)
    assert chart.places[0].tip.words == "Day 50, Share 100%"
    assert chart.rows == [["Day 50", "100%"]]


def test_a_distribution_fills_its_axis():
    chart = spread("Days", [0, 10, 20], [4, 2], before=[1, 0], markers=[(10, "median")])
    assert [(bar.x, bar.width) for bar in chart.columns] == [(44.0, 203.0), (248.0, 203.0)]
    assert chart.columns[0].segments[0].y == 16
    assert chart.columns[0].tip.words == "0 to 10: 4, Before 1"
    assert chart.before == "44.0,140.5 248.0,140.5 248.0,182.0 452.0,182.0"
    assert [(mark.at, mark.text) for mark in chart.markers] == [(248, "median")]


@pytest.mark.parametrize(("value", "expected"), [(None, 0), (0, 0), (0.001, 1), (0.5, 4), (1, 8), (2, 8)])
def test_the_strength_of_a_cell(value, expected):
    drawn = heat("Grid", ["", "A"], [HeatRow("x", [Cell("–", value)])], most=1)
    assert drawn.rows[0].cells[0].level == expected


def test_the_strongest_cell_is_the_highest():
    drawn = heat("Grid", ["", "A", "B"], [HeatRow("x", [Cell("2", 2), Cell("8", 8)])])
    assert [cell.level for cell in drawn.rows[0].cells] == [2, 8]


def test_steps_of_a_funnel_are_parts_of_the_first():
    steps = funnel_steps(["Leads", "MQL", "Won"], [200, 50, 0], notes=["all", "25%", "0%"], leak=1)
    assert [(step.width, step.note, step.leak) for step in steps] == [
        (100.0, "all", False),
        (25.0, "25%", True),
        (0.0, "0%", False),
    ]
    assert funnel_steps(["Leads", "MQL"], [0, 0])[1].width == 0.0


def test_a_spark_steps_over_what_is_not_known():
    assert spark([None, None]) is None
    assert spark([10, None, 30]) == Spark("2.0,19.0 64.0,3.0", (64.0, 3.0))


# --- Templates ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["columns", "lines", "curves", "spread"])
def test_every_mark_is_reached_with_the_keyboard_and_said_in_a_table(kind):
    chart = samples()[kind]
    drawn = render_to_string(f"ui/charts/{kind}.html", {"chart": chart})
    marks = getattr(chart, "columns", None) or chart.places
    assert drawn.count('tabindex="0"') == len(marks) > 0
    assert drawn.count("<title>") == len(marks)
    assert drawn.count("<tr>") == len(chart.rows) + 1
    assert "style=" not in drawn and "<script" not in drawn


def test_a_mark_with_an_address_is_a_link():
    chart = columns("Leads", ["Oct"], [Part("Hot", [2])], urls=["/reports/leads/?a=1&b=2"])
    drawn = render_to_string("ui/charts/columns.html", {"chart": chart})
    assert '<a class="col" href="/reports/leads/?a=1&amp;b=2" aria-label="Oct: 2">' in drawn


@pytest.mark.django_db
def test_the_kit_shows_each_kind(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("ada@example.com"))
    page = client.get("/ui/").content.decode()
    assert [name for name in samples() if f"leads.charts.{name}" not in page] == []


@pytest.mark.parametrize(
    ("names", "crowded"), [(["Website", "Demo req…", "Bought l…"] * 2, True), (["Fair", "Ads"], False)]
)
def test_names_that_a_phone_cannot_put_side_by_side_are_crowded(names, crowded):
    drawn = lines("Share", names, [Series("Share", [0.5] * len(names))])
    assert drawn.is_crowded is crowded
