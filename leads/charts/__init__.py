"""Where the marks of a chart go. templates/ui/charts/ draw them; the numbers are checked in tests/leads/test_charts.py.

Every chart knows its own table: what a mark shows can be read as text, with the keyboard, in print and without colours.

columns   stacked columns: amounts of a few parts, month by month
lines     values along named places, with bands around them: a fan, an interval
curves    values along a measured axis: the share closed by day 30, 60, 90; said against seen
spread    how often each value occurs
heat      a table whose cells are as strong as their number
funnel    steps, each a part of the one before
spark     a short history, in one line of text
whiskers  a rate and its interval, in a table cell
against   what was said with its interval, against what came
"""

from leads.charts.against import Against, Mark, against
from leads.charts.columns import Column, Columns, Part, columns
from leads.charts.curves import Curve, Curves, Stop, curves
from leads.charts.frame import Chart, Legend, Tip
from leads.charts.funnel import FunnelStep, funnel_steps
from leads.charts.heat import Cell, Heat, HeatRow, heat
from leads.charts.lines import Band, Lines, Series, lines
from leads.charts.spark import Spark, spark
from leads.charts.spread import Spread, spread
from leads.charts.whiskers import Whisker, scale_top, whisker

__all__ = [
    "Against", "Band", "Cell", "Chart", "Column", "Columns", "Curve", "Curves", "FunnelStep", "Heat", "HeatRow",
    "Legend", "Lines", "Mark", "Part", "Series", "Spark", "Spread", "Stop", "Tip", "Whisker", "against", "columns",
    "curves", "funnel_steps", "heat", "lines", "scale_top", "spark", "spread", "whisker",
]  # fmt: skip
