"""The outcomes of an experiment as tables: a rate for each side with n and interval, and the difference."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from leads.statistics import Interval, Rate, difference
from scoring.experiments.counts import Counts
from scoring.experiments.looks import Seen
from scoring.models import Arm, Experiment, Outcome

WIDTH, MARGIN = 320, 2
TITLES = {
    Outcome.ACCEPTED: "Accepted by sales, of all leads", Outcome.WON: "Became a customer, of all leads",
    Outcome.DECIDED: "Accepted by sales, of the handoffs decided", "won_so_far": "Became a customer so far",
}  # fmt: skip


@dataclass(frozen=True)
class Marks:
    """Places of a whisker on a scale WIDTH wide; `zero` where the scale goes below nothing."""

    low: float
    at: float
    high: float
    zero: float | None = None


@dataclass(frozen=True)
class Side:
    arm: Arm
    rate: Rate
    marks: Marks | None


@dataclass(frozen=True)
class Gap:
    """`tone`: ok or bad beyond chance, else nothing. `per_cent`: of the interval."""

    arm: Arm
    value: float
    interval: Interval
    tone: str
    marks: Marks


@dataclass(frozen=True)
class OutcomeTable:
    """`top` is the end of the scale of rates, `reach` of that of differences, both ways."""

    title: str
    decides: bool
    about: str
    sides: list[Side]
    gaps: list[Gap]
    top: float
    reach: float
    note: str

    @property
    def reach_points(self) -> int:
        """The same in percentage points, as the differences are written."""
        return round(100 * self.reach)


def outcome_tables(experiment: Experiment, arms: Sequence[Arm], found: Counts, last: Seen | None) -> list[OutcomeTable]:
    """What decides first, as the last look saw it; then what is only watched, as of now."""
    watched = [one for one in (Outcome.ACCEPTED, Outcome.DECIDED, "won_so_far") if one != experiment.outcome]
    first = _deciding(experiment, arms, last) if last and last.against else None
    return [*([first] if first else []), *(_watched(experiment, arms, found, str(one)) for one in watched)]


def _deciding(experiment: Experiment, arms: Sequence[Arm], saw: Seen) -> OutcomeTable:
    rates = [Rate(saw.k, saw.n), *(Rate(one.k, one.n) for one in saw.against)]
    gaps = [(arm, one.difference, Interval(one.low, one.high)) for arm, one in zip(arms[1:], saw.against, strict=True)]
    title = TITLES[Outcome(experiment.outcome)] + _within(experiment, experiment.outcome)
    note = "The interval of the difference holds at all looks together, and is wider for it."
    return _table(title, True, "As the last look saw it", list(zip(arms, rates, strict=True)), gaps, note)


def _watched(experiment: Experiment, arms: Sequence[Arm], found: Counts, share: str) -> OutcomeTable:
    rates = [(arm, found.rate(arm.pk, share)) for arm in arms]
    gaps = []
    for arm, rate in rates[1:]:
        if interval := difference(rate, rates[0][1]):
            gaps.append((arm, rate.k / rate.n - rates[0][1].k / rates[0][1].n, interval))
    note = "" if gaps else "A rate is shown from 30 cases on."
    if any(interval.low <= 0 <= interval.high for _, _, interval in gaps):
        note = "Zero is inside the interval: could be chance."
    title = TITLES[Outcome(share) if share in Outcome.values else share] + _within(experiment, share)
    return _table(title, False, "Today" if experiment.running else "At the end", rates, gaps, note)


def _within(experiment: Experiment, share: str) -> str:
    return f", within {experiment.within} days" if share in (Outcome.ACCEPTED, Outcome.WON) else ""


def _table(
    title: str, decides: bool, about: str, rates: Sequence[tuple[Arm, Rate]],
    gaps: Sequence[tuple[Arm, float, Interval]], note: str,
) -> OutcomeTable:  # fmt: skip
    top = _round_up(max((rate.interval.high for _, rate in rates if rate.interval), default=1.0))
    reach = _round_up(max((max(abs(one.low), abs(one.high)) for _, _, one in gaps), default=0.1))
    return OutcomeTable(
        title, decides, about, [Side(arm, rate, _marks(rate.share, rate.interval, 0.0, top)) for arm, rate in rates],
        list(_gaps(gaps, reach)), top, reach, note,
    )  # fmt: skip


def _gaps(gaps: Sequence[tuple[Arm, float, Interval]], reach: float) -> Iterator[Gap]:
    for arm, value, interval in gaps:
        marks = _marks(value, interval, -reach, reach)
        tone = "ok" if interval.low > 0 else "bad" if interval.high < 0 else ""
        if marks:
            yield Gap(arm, value, interval, tone, marks)


def _round_up(share: float) -> float:
    """To the next twentieth, 1 at most."""
    return min(1.0, max(0.05, ceil(share * 20 - 1e-9) / 20))


def _marks(value: float | None, interval: Interval | None, low: float, high: float) -> Marks | None:
    if value is None or interval is None:
        return None

    def place(share: float) -> float:
        inside = min(high, max(low, share))
        return round(MARGIN + (WIDTH - 2 * MARGIN) * (inside - low) / (high - low), 1)

    return Marks(place(interval.low), place(value), place(interval.high), place(0.0) if low < 0 else None)
