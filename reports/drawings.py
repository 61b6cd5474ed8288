"""The charts of the reports: what each shows, from rows that the reports' own functions gave."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.db.models import Sum

from leads import charts
from leads.charts.frame import WIDE, share
from leads.enums import Label
from leads.statistics import Rate
from leads.templatetags.ui import decimal, number, percent
from reports.behind import address
from reports.models.summary import By
from reports.queries.agreement import Agreement
from reports.queries.campaigns import CampaignOutcome
from reports.queries.cohorts import Cohort
from reports.queries.impact import Impact
from reports.queries.outcomes import sums_by
from reports.queries.performance import Decile, ScoreMonth
from reports.queries.sources import SourceOutcome
from reports.queries.stages import Passage
from reports.scope import NONE, Scope

SHOWN = 5  # curves, sources
HORIZON = 180  # days
DAYS = (30, 60, 90, 120, 180)
LONG = 100  # days; a longer range is shown by month, not by week
# Bottom first, so that the best stands on top.
LABELS = [("", "before"), (Label.DISQUALIFIED, "actual"), (Label.COLD, "cold"), (Label.COOL, "cool"),
          (Label.WARM, "warm"), (Label.HOT, "hot")]  # fmt: skip
RARE = ("", Label.DISQUALIFIED)  # shown where there are any
Ranks = tuple[float | None, float | None, float | None]  # a value and the ends of its interval
TONES = (("", False), ("actual", False), ("before", False), ("", True), ("actual", True))  # colour, dashed


def arrivals(scope: Scope) -> charts.Columns:
    """New leads by label, by week or by month."""
    by_month = (scope.last - scope.first).days > LONG
    counts: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    tallies = scope.tallies(By.LABEL, daily=not by_month)
    for day, label, leads in tallies.order_by().values_list("day", "key").annotate(Sum("leads")):
        start = day.replace(day=1) if by_month else max(day - timedelta(days=day.weekday()), scope.first)
        counts[start][label] += leads
    starts = sorted(counts)
    names = [f"{start:%b %y}" if by_month else f"{start:%-d %b}" for start in starts]
    urls = [
        address(scope, "leads", {"month": f"{start:%Y-%m}"}) if by_month else _week(scope, start) for start in starts
    ]
    title = f"New leads by label and {'month' if by_month else 'week'}"
    parts = _by_label([counts[start] for start in starts])
    return charts.columns(title, names, parts, width=WIDE, height=230, urls=urls)


def _week(scope: Scope, start: date) -> str:
    last = min(start + timedelta(days=6 - start.weekday()), scope.last)
    return address(scope, "leads", {"from": str(start), "to": str(last)})


def _by_label(groups: Sequence[dict[str, int]]) -> list[charts.Part]:
    return [
        charts.Part(Label(label).label if label else "Not scored", [group.get(label, 0) for group in groups], tone)
        for label, tone in LABELS
        if label not in RARE or any(group.get(label) for group in groups)
    ]


def closed_by_day(groups: Sequence[Impact]) -> charts.Curves:
    """The share that became customers by each day of age, of the groups with most leads."""
    largest = sorted(groups, key=lambda group: -group.leads)[:SHOWN]
    shown = [group for group in groups if group in largest and group.name]
    drawn, known = [], []
    for at, group in enumerate(shown):
        closed = group.closing
        if closed is None or len(closed.share) < 2:
            continue
        points = [(float(day), float(value)) for day, value in enumerate(closed.share[: HORIZON + 1])]
        tone, dashed = (group.label, False) if group.label else TONES[at]
        drawn.append(charts.Curve(group.name, points, tone, steps=True, dashed=dashed))
        known.append(closed)
    stops = [charts.Stop(day, [f"Day {day}", *(_closed(closed, day) for closed in known)]) for day in DAYS if drawn]
    return charts.curves(
        "Share of leads that became customers, by day of their age", drawn, high=HORIZON, write=share, width=WIDE,
        height=250, stops=stops, heads=["", *(curve.name for curve in drawn)],
        axis="Days since the lead came; leads still open count as long as they were watched",
    )  # fmt: skip


def _closed(closed: Any, day: int) -> str:
    value = closed.by(day)
    if value is None:
        return "not yet known"
    return f"{percent(value)} ({percent(closed.low[day])} to {percent(closed.high[day])})"


def cohort_grid(scope: Scope, months: Sequence[Cohort]) -> charts.Heat:
    """How far the leads of each month came: each share of all leads of the month."""
    steps = (("mql", "Handed off"), ("sal", "Accepted"), ("sql", "Opportunity"), ("won", "Accepted and won"))
    rows = []
    for month in months:
        cells = [_grid_cell(scope, month, name, title) for name, title in steps]
        rows.append(charts.HeatRow(f"{month.month:%b %Y}", cells, note=f"n = {month.leads:,}"))
    return charts.heat(
        "Share of each month's leads that came this far", ["Month", *(title for _, title in steps)], rows
    )


def _grid_cell(scope: Scope, month: Cohort, name: str, title: str) -> charts.Cell:
    rate = Rate(getattr(month, name).k, month.leads)
    behind = "won_sql" if name == "won" else name
    url = address(scope, behind, month.only) if rate.k else ""
    words = f"{title}: {rate.k:,} of {rate.n:,} leads of {month.month:%B %Y}"
    if rate.share is None:
        return charts.Cell(f"{rate.k:,} of {rate.n:,}", None, f"{words}, too few to say", url)
    return charts.Cell(percent(rate.share, 1), rate.share, words, url)


def leak(passages: Sequence[Passage]) -> str:
    """The passage after handing off that loses the largest part, in words; empty: too few to say."""
    known = [passage for passage in passages[1:] if passage.passed.share is not None]
    if not known:
        return ""
    worst = min(known, key=lambda passage: passage.passed.share or 0.0)
    lost = worst.passed.n - worst.passed.k
    return f"{worst.step}: {lost:,} of {worst.passed.n:,} did not go on, or not yet ({percent(lost / worst.passed.n)})."


def deciles(scope: Scope, tenths: Sequence[Decile]) -> charts.Lines:
    """Conversion by tenth of score, best first."""
    rates = [row.customers for row in tenths]
    urls = [address(scope, "customers", row.only) if row.customers.k else "" for row in tenths]
    names = [row.scores for row in tenths]
    series = replace(_rates("Customers", rates), apart=True)
    return charts.lines("Share of customers by score, best tenth first", names, [series], write=share, urls=urls,
                        labels=[row.scores.split(" ")[0] + "+" for row in tenths])  # fmt: skip


def sorts(months: Sequence[ScoreMonth]) -> charts.Lines:
    """How often the score sorts right, month by month."""
    ranks = [(row.auc, row.auc_low, row.auc_high) for row in months]
    return _against_chance("How often the score sorts right (AUC)", "Sorts right", months, ranks)


def said_and_seen(months: Sequence[ScoreMonth]) -> charts.Lines:
    """What the labels led to expect, and what came."""
    words = ["nothing before" if row.expected is None else percent(row.expected) for row in months]
    said = charts.Series("Said", [row.expected for row in months], "before", dashed=True, words=words)
    seen = _rates("Seen", [row.in_time for row in months])
    return charts.lines(
        "Customers within 90 days: said by the labels, and seen", _names(months), [said, seen], write=share
    )


def label_mix(scope: Scope, rows: Sequence[ScoreMonth]) -> charts.Columns:
    """The labels of each month's leads, as shares: where Hot grows and customers do not, scores are inflated."""
    counts = {row.month: row.labels for row in rows}
    months = sorted(counts)
    urls = [address(scope, "leads", {"month": f"{month:%Y-%m}"}) for month in months]
    parts = _by_label([counts[month] for month in months])
    return charts.columns(
        "Labels of each month's leads", [f"{month:%b %y}" for month in months], parts, of_whole=True, urls=urls
    )


def source_mix(scope: Scope) -> charts.Columns:
    """The labels of each source's leads, as shares; the largest sources."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in sums_by(scope, "source", "label", only=["leads"]):
        counts[row["source"]][row["label"]] += row["leads"]
    largest = sorted(counts, key=lambda source: (-sum(counts[source].values()), source))[: SHOWN + 1]
    urls = [address(scope, "leads", {"source": source or NONE}) for source in largest]
    names = [source or "Not known" for source in largest]
    parts = _by_label([counts[source] for source in largest])
    return charts.columns("How good the leads of each source are", names, parts, of_whole=True, urls=urls,
                          labels=_short(names))  # fmt: skip


def source_conversion(scope: Scope, rows: Sequence[SourceOutcome]) -> charts.Lines:
    """The share of customers of the largest sources, each with its interval."""
    return _side_by_side("Share of customers by source", scope, rows, "source", "customers")


def campaign_conversion(scope: Scope, rows: Sequence[CampaignOutcome]) -> charts.Lines:
    """The same of the largest campaigns of a source."""
    return _side_by_side("Share of customers by campaign", scope, rows, "campaign", "customers")


def campaign_quality(scope: Scope, rows: Sequence[CampaignOutcome]) -> charts.Lines:
    """How much of what they brought was Hot or Warm."""
    return _side_by_side("Hot or Warm leads by campaign", scope, rows, "campaign", "good")


def _side_by_side(title: str, scope: Scope, rows: Sequence[Any], by: str, share_of: str) -> charts.Lines:
    """A share of each of the rows with most leads, with its interval."""
    shown = [row for row in rows if row.leads][: SHOWN + 1]
    rates = [getattr(row, share_of) for row in shown]
    urls = [address(scope, share_of, row.only) if rate.k else "" for row, rate in zip(shown, rates, strict=True)]
    names = [getattr(row, by) or ("No campaign" if by == "campaign" else "Not known") for row in shown]
    series = replace(_rates("Customers" if share_of == "customers" else "Hot or Warm", rates), apart=True)
    return charts.lines(title, names, [series], write=share, urls=urls, labels=_short(names))


def acceptance(months: Sequence[Agreement]) -> charts.Lines:
    """What sales accepts of Hots and of the others."""
    hot = _rates("Hot", [row.hot for row in months], "hot")
    others = _rates("Others", [row.others for row in months], "before")
    return charts.lines("Share accepted by sales, by month", _names(months), [hot, others], write=share, most=1.0)


def agree(months: Sequence[Agreement]) -> charts.Lines:
    """How often the handoff that sales accepted had the higher score, month by month."""
    ranks = [(row.agree, row.agree_low, row.agree_high) for row in months]
    return _against_chance("How often the accepted one had the higher score", "Agree", months, ranks)


def _against_chance(title: str, name: str, months: Sequence[Any], ranks: Sequence[Ranks]) -> charts.Lines:
    """Each month how often one kind ranks above the other, with its interval, and a line where chance would be."""
    words = ["too few to say" if value is None else f"{decimal(value)} ({decimal(low)} to {decimal(high)})"
             for value, low, high in ranks]  # fmt: skip
    band = charts.Band([low for _, low, _ in ranks], [high for *_, high in ranks], name="95% interval")
    series = charts.Series(name, [value for value, *_ in ranks], bands=[band], words=words)
    return charts.lines(title, _names(months), [series], write=_tenth, most=1.0, limit=(0.5, "chance"))


def _short(names: Sequence[str]) -> list[str]:
    """As long as they fit side by side, also on a phone."""
    most = min(15, 54 // max(1, len(names)))
    return [name if len(name) <= most else f"{name[: most - 1].rstrip()}…" for name in names]


def _tenth(value: float) -> str:
    return decimal(value, 1)


def _names(months: Sequence[Any]) -> list[str]:
    return [f"{row.month:%b %y}" for row in months]


def _rates(name: str, rates: Sequence[Rate], tone: str = "") -> charts.Series:
    """A line of rates with its band; a gap where there are too few to say."""
    words = [f"{number(rate.k)} of {number(rate.n)}, too few to say" if rate.share is None else
             f"{percent(rate.share)}, {number(rate.k)} of {number(rate.n)}" for rate in rates]  # fmt: skip
    low = [rate.interval.low if rate.interval else None for rate in rates]
    high = [rate.interval.high if rate.interval else None for rate in rates]
    band = charts.Band(low, high, f"area {tone}".strip())
    return charts.Series(name, [rate.share for rate in rates], tone, bands=[band], words=words)
