"""What was learned, as data for the page and the API: the card, its proof, the live model beside it, every doubt."""

from dataclasses import asdict
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from leads.statistics import Rate, difference, discoveries, p_value
from scoring.accuracy import AucGain, auc, auc_gain
from scoring.backtest import score_past
from scoring.engine.definition import Definition, load
from scoring.leaks import without
from scoring.learning.bins import NOWHERE
from scoring.learning.card import Card
from scoring.learning.draft import criterion_name
from scoring.learning.learn import Learned
from scoring.learning.pastleads import PastLeads
from scoring.learning.report import report
from scoring.learning.table import Table
from scoring.learning.taught import leads_behind
from scoring.learning.wording import sentence
from scoring.models import Version
from scoring.sample import ACCEPTED, HANDOFF, Question, Sample

MOVED, FALSE = 0.05, 0.05  # a share that moved less is no drift; of those named so many may be chance
UNSEEN = 0.02
FEWEST = 10  # of either outcome, to compare two scores at all
UNKNOWN = "unknown"
FEW_OFFERED = 0.5  # where fewer were handed off, whom nobody called says little about who would have bought


def result_of(learned: Learned, past: PastLeads, found: Sample, question: Question, live: Version | None) -> Any:
    """See docs/learning.md. `against` is empty where nothing is live."""
    told = report(learned) | {
        "leaks": [asdict(leak) for leak in past.leaks],
        "bias": bias(question, found, past),
        "drift": drift(learned),
    }
    if learned.card is None:
        return told
    for row, one in zip(told["criteria"], learned.card.criteria, strict=True):
        row["name"] = criterion_name(learned.card, one, past)
    return told | {"against": against(learned, past, found, live) if live else {}}


# --- Beside the live version -------------------------------------------------------------------------


def against(learned: Learned, past: PastLeads, found: Sample, live: Version) -> dict[str, Any]:
    """The card and the live version on the held-out leads, new to both: of those that a learned version was learned
    from, `seen`, nothing is said. Fields that leak say nothing. With too few the verdict is "unknown".
    """
    assert learned.proof is not None
    behind, places = leads_behind(live), np.flatnonzero(past.kept)
    held = np.sort(learned.held)
    rows = np.array([row for row in held if found.moments[places[row]][0] not in behind], np.intp)
    newest = found.of(places[rows].tolist())
    told = {"version": live.pk, "model": live.model.name, "number": live.number, "seen": len(held) - len(rows)}
    if min(newest.wins, newest.losses) < FEWEST:
        return told | {"leads": len(rows), "won": newest.wins, "verdict": UNKNOWN}
    definition = without(load(live.definition), past.leaks)
    return told | _side_by_side(learned.proof, learned.table.take(rows), newest, definition)


def _side_by_side(card: Card, table: Table, newest: Sample, live: Definition) -> dict[str, Any]:
    (then,), kept = score_past([live], newest, False, lambda done, total: None)
    won, ours = newest.won[kept], card.totals(table.take(np.flatnonzero(kept)))
    counted = {"leads": len(won), "won": int(won.sum())}
    gain, reached, theirs = auc_gain(then.totals, ours, won), auc(ours, won), auc(then.totals, won)
    if gain is None or reached is None or theirs is None or min(theirs.won, theirs.lost) < FEWEST:
        return counted | {"verdict": UNKNOWN}
    return counted | {"live": asdict(theirs), "card": asdict(reached), "gain": asdict(gain), "verdict": verdict(gain)}


def verdict(gain: AucGain) -> str:
    """better, worse, or alike: as far as these leads can tell."""
    return ("better" if gain.value > 0 else "worse") if gain.beyond_chance else "alike"


# --- Doubts ------------------------------------------------------------------------------------------


def drift(learned: Learned) -> dict[str, Any]:
    """What is otherwise with the newest leads than with those before: how many won, and who meets the criteria."""
    newest = np.zeros(len(learned.table), bool)
    newest[learned.held] = True
    won = _moved(learned.table.won, newest)
    told: dict[str, Any] = {"won": won if won["notable"] else None, "criteria": [], "unseen": []}
    if learned.proof is None:
        return told
    return told | {"criteria": _criteria(learned.proof, learned, newest), "unseen": _unseen(learned.proof, learned)}


def _criteria(card: Card, learned: Learned, newest: NDArray[np.bool_]) -> list[dict[str, Any]]:
    columns = {column.name: column for column in learned.table.columns}
    moved = []
    for one in card.criteria:
        holds = [np.array((*mask, False))[card.bins[place].codes(columns[card.bins[place].name])]
                 for place, mask in one.parts]  # fmt: skip
        moved.append(_moved(np.logical_and.reduce(holds), newest) | {"criterion": sentence(card, one)})
    believed = discoveries([row["p"] for row in moved], FALSE)
    return [row for row, sure in zip(moved, believed, strict=True) if sure and row["notable"]]


def _moved(holds: NDArray[np.bool_], newest: NDArray[np.bool_]) -> dict[str, Any]:
    now = Rate(int(holds[newest].sum()), int(newest.sum()))
    before = Rate(int(holds[~newest].sum()), int((~newest).sum()))
    interval, share = difference(now, before), now.k / max(now.n, 1) - before.k / max(before.n, 1)
    sure = interval is not None and (interval.low > 0 or interval.high < 0)
    return {
        "now": [now.k, now.n], "before": [before.k, before.n], "p": p_value(now, before), "up": share > 0,
        "notable": bool(sure and abs(share) >= MOVED),
    }  # fmt: skip


def _unseen(card: Card, learned: Learned) -> list[dict[str, Any]]:
    """Fields of the card with values, among the newest leads, that were not there to learn from."""
    held = learned.table.take(learned.held)
    columns = {column.name: column for column in held.columns}
    asked = {place for one in card.criteria for place, _ in one.parts}
    shares = {card.bins[place].name: float((card.bins[place].codes(columns[card.bins[place].name]) == NOWHERE).mean())
              for place in sorted(asked)}  # fmt: skip
    return [{"column": name, "share": share} for name, share in shares.items() if share >= UNSEEN]


def bias(question: Question, found: Sample, past: PastLeads) -> dict[str, Any]:
    """How many of the leads were handed off: of the others nobody heard what sales says."""
    leads = [lead for (lead, _), kept in zip(found.moments, past.kept, strict=True) if kept]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT lead_id) FROM leads_handoff WHERE lead_id = ANY(%s)", [leads])
        offered = cursor.fetchone()[0]
    judged = question.outcome == ACCEPTED or question.moment == HANDOFF
    return {"offered": offered, "leads": len(leads), "notable": judged or offered < FEW_OFFERED * len(leads)}
