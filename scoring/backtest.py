"""What a model would have been worth: past leads as they stood at a decision moment, and what came of them.

The live version and the draft score the same leads at the same moments by the engine's own SQL (engine/past.py).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from leads.conditions.vocabulary import Vocabulary
from leads.enums import Label
from leads.statistics import Rate
from scoring.accuracy import Auc, AucGain, Tenth, auc, auc_gain, average_precision, tenths
from scoring.engine.definition import Definition
from scoring.engine.past import PAGE, PastScores, evaluate_past, joined
from scoring.leaks import Leak, leaks, without
from scoring.models.scoring_model import GRADES
from scoring.sample import LEAST, Question, Sample, sample

BANDS = ((0, 19), (20, 39), (40, 59), (60, 79), (80, 100))  # hundredths of the most a model can give


@dataclass(frozen=True)
class Worth:
    """How well one definition sorted the leads. Rates: who won of all that had the label, the grade, the score."""

    auc: Auc
    precision: float
    tenths: list[Tenth]
    labels: dict[str, Rate]
    grades: dict[str, Rate]
    bands: list[tuple[int, int, Rate]]


@dataclass(frozen=True)
class Period:
    """The leads of a half of the time: from the first decision moment to the last; `aucs` of each definition."""

    first: datetime
    last: datetime
    n: int
    won: int
    aucs: list[Auc]


@dataclass(frozen=True)
class Backtest:
    """`worths` and their `gain` are empty where `missing` says what would be needed to judge."""

    question: Question
    n: int
    won: int
    span: tuple[datetime, datetime] | None
    missing: str = ""
    leaks: list[Leak] = field(default_factory=list)
    worths: list[Worth] = field(default_factory=list)
    gain: AucGain | None = None
    # The earlier and the later half, where each has enough of both outcomes.
    periods: list[Period] = field(default_factory=list)
    # What each definition said of the leads, and who of them won; rows align.
    pasts: list[PastScores] = field(default_factory=list, repr=False)
    outcomes: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool), repr=False)


Progress = Callable[[int, int], None]


def backtest(
    definitions: list[Definition], question: Question, now: datetime, *, as_known: bool = False,
    progress: Progress = lambda done, total: None,
) -> Backtest:  # fmt: skip
    """The definitions on the same past leads; of two, `gain` is what the second adds to the AUC of the first.

    Criteria on fields that follow the outcome are left out of both and named. `progress` is told the leads done.
    """
    found = sample(question, now)
    known = leaks(definitions, found, Vocabulary.load())
    told = {"question": question, "n": len(found.moments), "won": found.wins, "span": found.span, "leaks": known}
    if found.missing:
        return Backtest(**told, missing=found.missing)  # type: ignore[arg-type]
    pasts, kept = score_past([without(definition, known) for definition in definitions], found, as_known, progress)
    won = found.won[kept]
    told |= {"n": len(won), "won": int(won.sum())}
    if won.all() or not won.any():
        return Backtest(**told, missing="leads of the audience with either outcome")  # type: ignore[arg-type]
    worths = [worth(past, won, definition) for past, definition in zip(pasts, definitions, strict=True)]
    gain = auc_gain(pasts[0].totals, pasts[1].totals, won) if len(pasts) == 2 else None
    moments = [moment for (_, moment), there in zip(found.moments, kept, strict=True) if there]
    return Backtest(**told, worths=worths, gain=gain, periods=halves(moments, pasts, won), pasts=pasts, outcomes=won)  # type: ignore[arg-type]


def score_past(
    definitions: list[Definition], found: Sample, as_known: bool, progress: Progress
) -> tuple[list[PastScores], NDArray[np.bool_]]:
    """What each definition said of the leads of the sample that belong to the audience of all, and which those are."""
    pages = []
    for page in evaluate_past(definitions, found.moments, as_known=as_known):
        pages.append(page)
        progress(min(len(pages) * PAGE, len(found.moments)), len(found.moments))
    scores = [joined(of_one) for of_one in zip(*pages, strict=True)]
    common = reduce(np.intersect1d, [one.leads for one in scores])
    kept = np.isin([lead for lead, _ in found.moments], common)
    return [one.of(np.isin(one.leads, common)) for one in scores], kept


def worth(past: PastScores, won: NDArray[np.bool_], definition: Definition) -> Worth:
    """Both outcomes are among `won`."""
    sorted_by = auc(past.totals, won)
    assert sorted_by is not None
    top = 2 * definition.axis_limit
    return Worth(
        auc=sorted_by,
        precision=average_precision(past.totals, won),
        tenths=tenths(past.totals, won),
        labels={label: rate for label in Label.values if (rate := _rate(won, past.labels == label)).n},
        grades={grade: _rate(won, past.grades == grade) for grade in GRADES},
        bands=[(low, high, _rate(won, _within(past.totals, low * top / 100, (high + 1) * top / 100, top)))
               for low, high in BANDS],
    )  # fmt: skip


def halves(moments: list[datetime], pasts: list[PastScores], won: NDArray[np.bool_]) -> list[Period]:
    """The same leads in two equal parts by their moment: what was learned of the earlier is proved on the later."""
    order = np.argsort(np.array([moment.timestamp() for moment in moments]), kind="stable")
    found = [_period(np.sort(rows), moments, pasts, won) for rows in np.array_split(order, 2)]
    return [period for period in found if period] if all(found) else []


def _period(
    rows: NDArray[np.intp], moments: list[datetime], pasts: list[PastScores], won: NDArray[np.bool_]
) -> Period | None:
    wins = int(won[rows].sum())
    aucs = [auc(past.totals[rows], won[rows]) for past in pasts]
    if min(wins, len(rows) - wins) < LEAST or None in aucs:
        return None
    at = [moments[row] for row in rows]
    return Period(min(at), max(at), len(rows), wins, [one for one in aucs if one])


def _within(totals: NDArray[np.int32], low: float, high: float, top: int) -> NDArray[np.bool_]:
    return (totals >= low) & ((totals < high) | (totals >= top) & (high > top))


def _rate(won: NDArray[np.bool_], among: NDArray[np.bool_]) -> Rate:
    return Rate(int(won[among].sum()), int(among.sum()))
