"""Evidence → draws of everything that is not known: how likely, how soon, how much, how many more."""

from dataclasses import dataclass

import numpy as np

from reports.forecast.counting.evidence import BLOCK, Evidence, Floats
from reports.forecast.horizon import Span
from reports.forecast.simulation.shrinkage import USUAL_UNREST, hazards, ratios, spreads

PIECES = (0, 4, 12)  # weeks at which a label may become quicker or slower than the others
STEP, PASSES = 0.5 / (1 + 2 / 3), 0.5 / (1 + 1 / 3)  # of the first month's error of arrivals, see _drift
LATELY = 3  # months that say where wins stand now against the year
QUARTERS = 6  # months on record from which the place in the quarter is looked at


@dataclass(frozen=True)
class Process:
    """How often something happens in each week of age. Drawn: [draw, …]."""

    base: Floats  # [draw, week]
    label: Floats  # [draw, label], as ratio
    piece: Floats  # [draw, label, week], as ratio to that of the label
    team: Floats  # [draw, team, label], as ratio

    def of(self, team: int) -> Floats:
        """The hazard in one team: [draw, label, week]."""
        return self.base[:, None, :] * (self.label * self.team[:, team])[:, :, None] * self.piece


@dataclass(frozen=True)
class Parameters:
    """One row for each draw: a world that fits what was seen. Axes as in Evidence, draws before them."""

    opens: Process  # of leads as they stand now
    opens_new: Process  # of new leads, from the day they come
    wins: Process
    losses: Process
    arrivals: Floats  # new leads a day: [draw, team, label]
    direct: Floats  # deals a day that come of no lead: [draw, team, label]
    drift: Floats  # of new leads, by month of the horizon: [draw, span]
    drift_direct: Floats
    month: Floats  # wins of each month against the usual: [draw, span]
    value: Floats  # mean amount of a won deal: [draw, team, label]
    value_spread: float  # of single amounts: standard deviation over mean
    priced: float  # share of won deals whose amount is written down: only these are revenue


def drawn(evidence: Evidence, spans: list[Span], draws: int, rng: np.random.Generator) -> Parameters:
    """So many worlds that fit the evidence."""
    less = 1 / evidence.lead_repeats
    value, spread = _value(evidence, draws, rng)
    return Parameters(
        opens=_process(evidence.lead_opened * less, evidence.lead_risk * less, draws, rng),
        opens_new=_process(evidence.new_opened, evidence.new_risk, draws, rng),
        wins=_process(evidence.deal_won, evidence.deal_risk, draws, rng),
        losses=_process(evidence.deal_lost, evidence.deal_risk, draws, rng),
        arrivals=_arrivals(evidence, draws, rng), direct=_direct(evidence, draws, rng),
        drift=_drift(evidence.arrivals.sum(axis=0)[: evidence.blocks], len(spans), draws, rng),
        drift_direct=_drift(evidence.direct_blocks[: evidence.blocks], len(spans), draws, rng),
        month=_months(evidence, spans, draws, rng), value=value, value_spread=spread,
        priced=float(evidence.won_count.sum() / max(evidence.deal_won.sum(), 1)),
    )  # fmt: skip


def _process(events: Floats, risk: Floats, draws: int, rng: np.random.Generator) -> Process:
    """From the whole to the label, to the label in its first weeks and later, to the label in a team."""
    base = hazards(events.sum(axis=(0, 1)), risk.sum(axis=(0, 1)), draws, rng)
    usual = risk * base.mean(axis=0)
    label = ratios(events.sum(axis=(0, 2)), usual.sum(axis=(0, 2)), draws, rng)
    usual = usual * label.mean(axis=0)[None, :, None]
    piece = _pieces(events.sum(axis=0), usual.sum(axis=0), draws, rng)
    cells = events.sum(axis=2), (usual * piece.mean(axis=0)).sum(axis=2)
    team = ratios(cells[0].ravel(), cells[1].ravel(), draws, rng).reshape(draws, *cells[0].shape)
    return Process(base, label, piece, team)


def _pieces(events: Floats, usual: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """[draw, label, week]: whether a label is quicker at first, or later."""
    ends = (*PIECES[1:], events.shape[1])
    parts = [slice(start, end) for start, end in zip(PIECES, ends, strict=True)]
    counts, due = (np.stack([table[:, part].sum(axis=1) for part in parts], axis=1) for table in (events, usual))
    found = ratios(counts.ravel(), due.ravel(), draws, rng).reshape(draws, *counts.shape)
    return np.repeat(found, [end - start for start, end in zip(PIECES, ends, strict=True)], axis=2)


def _arrivals(evidence: Evidence, draws: int, rng: np.random.Generator) -> Floats:
    """As in the last quarter, by the labels that new leads settle on; teams borrow from the whole mix."""
    blocks = int(evidence.quarter_days // BLOCK)
    came = evidence.arrivals[:, :blocks].sum(axis=1)
    rate = _gamma(came, draws, rng) / (blocks * BLOCK)
    whole, settled = evidence.settled.sum(axis=0), evidence.settled
    mix = whole / max(whole.sum(), 1)
    expected = settled.sum(axis=1, keepdims=True) * mix
    own = ratios(settled.ravel(), expected.ravel(), draws, rng).reshape(draws, *settled.shape)
    shares = own * mix
    total = shares.sum(axis=2, keepdims=True)
    return rate[:, :, None] * np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)


def _direct(evidence: Evidence, draws: int, rng: np.random.Generator) -> Floats:
    quarter = min(evidence.quarter_days, max(evidence.record_days, BLOCK))
    return _gamma(evidence.direct, draws, rng) / quarter


def _gamma(count: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """What the true count may be: mean as seen, and none where none was seen, so that empty cells add nothing."""
    return np.where(count > 0, rng.gamma(np.maximum(count, 1e-9), 1.0, (draws, *count.shape)), 0.0)


def _drift(blocks: Floats, months: int, draws: int, rng: np.random.Generator) -> Floats:
    """Arrivals of each month to come against those of the last quarter: [draw, span], its mean kept at 1.

    The first is off by as much as the rule "as in the last quarter" was on the months on record, beyond chance. Few
    months cannot tell whether such an error stays or passes, so half of its variance s² is taken to come from a level
    that walks (a random walk in the logarithm), half from months that differ for no reason. The mean of three months
    lies (2² + 1²) / 3² of a step's variance behind a walking level, rounded up to 2/3 here (a step is 3 % narrower for
    it), and has a third of the variance of a passing month: so a step takes s²/2 / (1 + 2/3), a passing month
    s²/2 / (1 + 1/3). A. C. Harvey (1989), Forecasting, structural time series models and the Kalman filter, ch. 2
    (local level and noise).
    """
    before = [blocks[i + 1 : i + 4].mean() for i in range(len(blocks) - 3)]
    error = spreads(blocks[: len(before)], np.maximum(before, 0.5), draws, rng, USUAL_UNREST)[:, None] ** 2
    passes = PASSES * error
    walked = np.concatenate([error - passes, np.repeat(STEP * error, months - 1, axis=1)], axis=1)
    moved = rng.standard_normal((2, draws, months)) * np.sqrt([walked, np.repeat(passes, months, axis=1)])
    return np.exp(np.cumsum(moved[0], axis=1) + moved[1] - (np.cumsum(walked, axis=1) + passes) / 2)


def _months(evidence: Evidence, spans: list[Span], draws: int, rng: np.random.Generator) -> Floats:
    """Wins of a month against what the ages of its deals would give: place in the quarter, and what no age explains.

    The first of both is learned only from two quarters on; then month ends of quarters may be told from others.
    """
    months = evidence.months
    won = evidence.month_won.sum(axis=1)
    usual = (evidence.month_risk * _usual(evidence)).sum(axis=1)
    place = np.ones((draws, 3))
    if len(months) >= QUARTERS:
        thirds = np.array([month.month % 3 for month in months])
        seen, due = (np.array([table[thirds == third].sum() for third in range(3)]) for table in (won, usual))
        place = ratios(seen, due, draws, rng)
        usual = usual * place.mean(axis=0)[thirds]
    half = spreads(won, np.maximum(usual, 1e-6), draws, rng, USUAL_UNREST)[:, None] ** 2 / 2
    passing = rng.gamma(1 / half, half, (draws, len(spans)))
    return place[:, [span.month.month % 3 for span in spans]] * _level(won, usual, half, rng) * passing


def _level(won: Floats, usual: Floats, half: Floats, rng: np.random.Generator) -> Floats:
    """How the present stands to the year: [draw, 1].

    Few months cannot tell whether what makes them differ passes or stays, so half of its variance is taken to stay.
    The last quarter says where it stands now: a gamma posterior, its counts worth less the more single months differ.
    """
    seen, due = won[-LATELY:].sum(), usual[-LATELY:].sum()
    worth = 1 / (1 + due * half / LATELY)
    return rng.gamma(1 / half + worth * seen, 1 / (1 / half + worth * due))


def _usual(evidence: Evidence) -> Floats:
    """Won in a week of age, of all deals."""
    won, risk = evidence.deal_won.sum(axis=(0, 1)), evidence.deal_risk.sum(axis=(0, 1))
    return np.divide(won, risk, out=np.zeros_like(won), where=risk > 0)


def _value(evidence: Evidence, draws: int, rng: np.random.Generator) -> tuple[Floats, float]:
    """Mean amount by team and label, and how far single amounts spread.

    A sum of n amounts with mean m and spread s counts like n / s² cases in units of m · s²: then its variance equals
    its mean, as that of a count does, and groups are shrunk like counts (P. McCullagh, J. A. Nelder (1989),
    Generalized linear models, ch. 9, quasi-likelihood).
    """
    count, total = evidence.won_count.sum(), evidence.won_sum.sum()
    mean = total / max(count, 1)
    spread = float(np.sqrt(max(evidence.won_squares.sum() / max(count, 1) - mean**2, 0.0)) / mean) if mean else 1.0
    unit = max(spread, 0.1) ** 2
    worth, cases = evidence.won_sum / (max(mean, 1e-9) * unit), evidence.won_count / unit
    label = ratios(worth.sum(axis=0), cases.sum(axis=0), draws, rng)
    own = ratios(worth.ravel(), (cases * label.mean(axis=0)).ravel(), draws, rng).reshape(draws, *worth.shape)
    whole = rng.gamma(max(count, 1) / unit, mean * unit / max(count, 1), draws)
    return whole[:, None, None] * label[:, None, :] * own, spread
