"""What became of leads like this one: past leads by label and score of a version, and a probability for a score.

Counted for every live version when it is new and then every night, on the newest leads whose time is over, each scored
by that version as it stood at its decision moment. Two numbers turn a score into a probability (J. Platt, 1999); how
far they are off is measured on the newest fifth, with numbers from the others.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from leads.conditions.vocabulary import Vocabulary
from leads.enums import Label
from leads.models import Standing
from leads.retry import retried
from leads.statistics import ENOUGH, Interval, Rate
from scoring.accuracy import brier
from scoring.backtest import BANDS, score_past
from scoring.engine.definition import Definition, load
from scoring.engine.past import PastScores
from scoring.leaks import leaks
from scoring.learning.card import calibrate
from scoring.learning.logistic import probability
from scoring.learning.report import calibration_error
from scoring.learning.taught import leads_behind
from scoring.models import Calibration, Version
from scoring.sample import Question, Sample, sample

NIGHT = timedelta(days=1)
HELD = timedelta(minutes=10)  # longer than a count takes; then it is due again
NEWEST = 20_000
ASKED = (180, 90, 60)  # days; the longest time for which enough is known
FIFTH = 0.2


# --- Every night -------------------------------------------------------------------------------------


def calibrate_due() -> int:
    """Count again what is due, of live versions. Returns how many."""
    live = Version.objects.live()
    Calibration.objects.bulk_create(
        [Calibration(version=version) for version in live.filter(calibration__isnull=True)], ignore_conflicts=True
    )
    return sum(refit(row) for row in Calibration.objects.filter(version__in=live, due_at__lte=timezone.now()))


@retried
def refit(row: Calibration) -> bool:
    """Count it again. False: somebody else is at it."""
    now = timezone.now()
    if not Calibration.objects.filter(pk=row.pk, due_at__lte=now).update(due_at=now + HELD):
        return False
    question, figures, missing = calibration_of(row.version, now)
    Calibration.objects.filter(pk=row.pk).update(
        question=vars(question), figures=figures, missing=missing, counted_at=now, due_at=now + NIGHT
    )
    return True


def calibration_of(version: Version, now: datetime) -> tuple[Question, dict[str, Any], str]:
    """(what was asked, the figures, what is missing). Figures are empty where something is missing.

    Each lead has the score and the label that this version gives it as it stood at its decision moment: what it would
    be told today. Where enough is known of other leads, those a version was learned from are left out.
    """
    for within in ASKED:
        question = Question(within=within)
        found = sample(question, now, most=NEWEST)
        if not found.missing:
            break
    if found.missing:
        return question, {}, found.missing
    definition = load(version.definition)
    found, seen = _unseen(found, version)
    (past,), kept = score_past([definition], found, False, lambda done, total: None)
    won = found.won[kept]
    if won.all() or not won.any():
        return question, {}, "leads of the audience with either outcome"
    order = np.array([moment.timestamp() for _, moment in found.moments])[kept]
    known = [leak.label for leak in leaks([definition], found, Vocabulary.load())]
    return question, _figures(definition, past, won, order) | {"seen": seen, "leaks": known}, ""


def _unseen(found: Sample, version: Version) -> tuple[Sample, int]:
    """The leads that did not teach the version, or where too little is known of those all; how many of them did."""
    behind = leads_behind(version)
    new = [row for row, (lead, _) in enumerate(found.moments) if lead not in behind]
    others = found.of(new)
    return (others, 0) if not others.missing else (found, len(found.moments) - len(new))


def _figures(
    definition: Definition, past: PastScores, won: NDArray[np.bool_], order: NDArray[np.float64]
) -> dict[str, Any]:
    """Rates are [k, n]; `cells` by "label fifth"."""
    fifths = bands_of(past.totals, definition)
    cells = np.char.add(np.char.add(past.labels, " "), fifths.astype(str))
    constant, slope = calibrate(past.totals, won)
    return {
        "n": len(won), "won": int(won.sum()), "constant": constant, "slope": slope,
        "labels": {label: _rate(past.labels == label, won) for label in np.unique(past.labels).tolist()},
        "bands": [_rate(fifths == place, won) for place in range(len(BANDS))],
        "cells": {cell: _rate(cells == cell, won) for cell in np.unique(cells).tolist()},
        **_proof(past.totals, won, order),
    }  # fmt: skip


def bands_of(totals: NDArray[Any], definition: Definition) -> NDArray[np.int64]:
    """The fifth of the most a model can give: 0 to 4."""
    hundredths = 100 * totals // (2 * definition.axis_limit)
    return np.clip(np.searchsorted([high for _, high in BANDS], hundredths), 0, len(BANDS) - 1)


def _rate(inside: NDArray[np.bool_], won: NDArray[np.bool_]) -> list[int]:
    return [int(won[inside].sum()), int(inside.sum())]


def _proof(totals: NDArray[Any], won: NDArray[np.bool_], order: NDArray[np.float64]) -> dict[str, Any]:
    """How far promises of the older leads are off on the newest; None where those have one outcome only."""
    ranked = np.argsort(order, kind="stable")
    at = len(won) - round(FIFTH * len(won))
    old, new = ranked[:at], ranked[at:]
    if won[old].all() or not won[old].any():
        return {"error": None, "brier": None, "checked": 0}
    constant, slope = calibrate(totals[old], won[old])
    promised = probability(constant + slope * totals[new])
    return {"error": calibration_error(promised, won[new]), "brier": brier(promised, won[new]), "checked": len(new)}


# --- Of one lead -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Likelihood:
    """`rate`: of past leads like this one (`like` says how) those who became customers within so many days.

    `promised`: by the score alone. `seen`: so many of all the past leads taught the version, and `leaks` are fields of
    its that follow the outcome: both flatter. `missing` says why nothing is said; then there is no rate.
    """

    like: str = ""
    rate: Rate = Rate(0, 0)
    promised: float | None = None
    within: int = 0
    after: int = 0
    counted_at: datetime | None = None
    seen: int = 0
    leaks: tuple[str, ...] = ()
    missing: str = ""

    @property
    def interval(self) -> Interval | None:
        return self.rate.interval

    @property
    def said(self) -> bool:
        return not self.missing


def likelihood(standing: Standing) -> Likelihood | None:
    """None: the lead has no score, or the version is not calibrated yet. Two queries."""
    row = (
        Calibration.objects.select_related("version").filter(version=standing.version, counted_at__isnull=False).first()
    )
    if row is None or standing.total is None:
        return None
    when = {"within": row.question["within"], "after": row.question["after"], "counted_at": row.counted_at}
    if row.missing:
        return Likelihood(missing=f"Too few past outcomes to say: needed are {row.missing}.", **when)
    definition = load(row.version.definition)
    label = standing.automatic_label or standing.label
    fifth = int(bands_of(np.array([standing.total]), definition)[0])
    for like, (k, n) in _alike(row.figures, label, fifth, definition):
        if n >= ENOUGH:
            total = np.array([float(standing.total)])
            promised = float(probability(row.figures["constant"] + row.figures["slope"] * total)[0])
            doubts = {"seen": row.figures.get("seen", 0), "leaks": tuple(row.figures.get("leaks", ()))}
            return Likelihood(like, Rate(k, n), promised, **when, **doubts)
    return Likelihood(missing=f"Too few past leads like this one to say: {n} so far, {ENOUGH} are needed.", **when)


def _alike(figures: dict[str, Any], label: str, fifth: int, definition: Definition) -> list[tuple[str, list[int]]]:
    """Past leads like it, the most alike first."""
    word, (low, high) = Label(label).label, points_of(fifth, definition)
    nobody = [0, 0]
    return [
        (f"{word} with {low} to {high} points", figures["cells"].get(f"{label} {fifth}", nobody)),
        (word, figures["labels"].get(label, nobody)),
        (f"{low} to {high} points", figures["bands"][fifth]),
    ]


def points_of(fifth: int, definition: Definition) -> tuple[int, int]:
    """The scores of a fifth, both ends included."""
    most = 2 * definition.axis_limit
    first = -(-BANDS[fifth][0] * most // 100)
    return first, most if fifth == len(BANDS) - 1 else -(-BANDS[fifth + 1][0] * most // 100) - 1
