"""The fan ahead, and forecast against actual."""

from collections.abc import Sequence

from leads.charts import Against, Band, Lines, Mark, Series, against, lines
from leads.charts.frame import WIDE, plain
from reports.forecast.months import Forecast, Month
from reports.forecast.record import Check

PAST = 6  # months shown before the forecast
THOUSAND = 1000


def thousands(value: float) -> str:
    """318400 → 318; under ten thousand with a decimal."""
    return plain(round(value / THOUSAND, 1 if abs(value) < 10 * THOUSAND else 0))


def fan(found: Forecast) -> Lines:
    """What came in the last months, then what is expected, with both intervals around it."""
    past = found.past[-PAST:]
    ahead = [*([_whole(found.rest, found.so_far)] if found.rest else []), *found.months]
    start = [past[-1].revenue] if past else []
    gap: list[float | None] = [None] * (len(past) - len(start))

    def after(values: list[float]) -> list[float | None]:
        return [*gap, *start, *values]

    names = [f"{one.month:%b}" for one in past] + [_name(one, found) for one in ahead]
    bands = [
        Band(after([one.low for one in ahead]), after([one.high for one in ahead]), "fan80", "80% interval"),
        Band(after([one.half_low for one in ahead]), after([one.half_high for one in ahead]), "fan50", "50% interval"),
    ]
    words = ["–"] * len(past) + [
        f"{thousands(one.expected)} ({thousands(one.low)} to {thousands(one.high)})" for one in ahead
    ]
    came = [*(one.revenue for one in past), *[None] * len(ahead)]
    return lines(
        "Revenue per month in thousand euro: what came, and what is expected", names,
        [Series("Actual", came, "actual", words=[*(thousands(one.revenue) for one in past), *["–"] * len(ahead)]),
         Series("Expected", after([one.expected for one in ahead]), dashed=True, bands=bands, words=words)],
        write=thousands, width=WIDE, height=290,
    )  # fmt: skip


def _name(month: Month, found: Forecast) -> str:
    return f"{month.month:%b}, open" if found.rest and month.month == found.rest.month else f"{month.month:%b}"


def _whole(rest: Month, so_far: float) -> Month:
    """The running month with what came already."""
    named = ("expected", "low", "high", "half_low", "half_high")
    return Month(**{**vars(rest), **{name: getattr(rest, name) + so_far for name in named}})


def track(checks: Sequence[Check]) -> Against:
    """Forecasts for months that are over: interval, what was expected, what came."""
    marks = [
        Mark(f"{one.month:%b}", one.expected, one.low, one.high, one.actual,
             [f"{one.month:%B %Y}",
              f"Forecast {thousands(one.expected)} ({thousands(one.low)} to {thousands(one.high)})",
              f"Actual {thousands(one.actual)}{'' if one.inside else ', outside'}"])
        for one in checks
    ]  # fmt: skip
    return against("Forecast and what came, in thousand euro", marks, write=thousands)
