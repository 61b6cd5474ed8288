"""One chart of each kind with figures that add up, for the UI kit."""

from typing import Any

from leads import charts
from leads.charts.frame import share

_MONTHS = ("Jun", "Jul", "Aug", "Sep", "Oct", "Nov")
_MIX = (("Cold", "cold", (90, 84, 95, 80, 72, 70)), ("Cool", "cool", (60, 64, 58, 66, 70, 71)),
        ("Warm", "warm", (31, 30, 36, 41, 40, 44)), ("Hot", "hot", (12, 15, 14, 20, 22, 31)))  # fmt: skip
_RATES = (0.12, 0.14, None, 0.16, 0.19, 0.21)


def samples() -> dict[str, Any]:
    return {
        "columns": charts.columns("Leads by label and month", _MONTHS, [charts.Part(n, a, t) for n, t, a in _MIX]),
        "lines": charts.lines("Share that became customers, by month", _MONTHS, [_rates()], write=share),
        "against": charts.against("Forecast and what came", [
            charts.Mark(name, 100, 80, 125, came, [name, f"Forecast 100 (80 to 125), came {came}"])
            for name, came in (("Aug", 96), ("Sep", 131), ("Oct", 104))
        ]),
        "curves": _closed(),
        "spread": charts.spread(
            "Days to close", [0, 15, 30, 45, 60, 75, 90], [8, 22, 31, 18, 9, 4], before=[4, 15, 25, 24, 16, 8],
            markers=[(38, "median 38")], axis="Days from the lead to the won deal",
        ),
        "heat": _cohorts(),
        "funnel": charts.funnel_steps(
            ["New leads", "Handed off", "Accepted", "Customer"], [2310, 436, 318, 97],
            notes=["all", "19% of previous", "73% of previous", "31% of previous"], leak=1,
        ),
        "spark": charts.spark([12, 15, None, 14, 20, 31]),
    }  # fmt: skip


def _rates() -> charts.Series:
    lows = [None if rate is None else rate - 0.04 for rate in _RATES]
    highs = [None if rate is None else rate + 0.05 for rate in _RATES]
    words = ["too few to say" if rate is None else f"{rate:.0%}, n = 240" for rate in _RATES]
    return charts.Series("Conversion", _RATES, bands=[charts.Band(lows, highs, name="95% interval")], words=words)


def _closed() -> charts.Curves:
    hot = [(0, 0), (20, 0.03), (35, 0.1), (50, 0.14), (90, 0.19)]
    warm = [(0, 0), (30, 0.01), (60, 0.03), (90, 0.05)]
    stops = [charts.Stop(day, [f"Day {day}", hot_share, warm_share])
             for day, hot_share, warm_share in ((30, "3%", "1%"), (60, "14%", "3%"), (90, "19%", "5%"))]  # fmt: skip
    return charts.curves(
        "Share closed by day", [charts.Curve("Hot", hot, "hot", steps=True), charts.Curve("Warm", warm, "warm",
        steps=True)], high=90, axis="Days since the lead came", stops=stops, heads=["", "Hot", "Warm"], write=share,
    )  # fmt: skip


def _cohorts() -> charts.Heat:
    rows = [("Sep", (0.19, 0.14, 0.04)), ("Oct", (0.22, 0.15, 0.02)), ("Nov", (0.24, 0.12, None))]
    cells = [
        charts.HeatRow(name, [charts.Cell("too few" if value is None else share(value), value) for value in values])
        for name, values in rows
    ]
    return charts.heat("Share of a cohort that came this far", ["Month", "MQL", "SAL", "Customer"], cells)
