"""What a preview found, as data: the page and the API say the same from it."""

from dataclasses import asdict
from typing import Any

import numpy as np

from leads.enums import Label
from scoring.backtest import Backtest, Worth
from scoring.engine.definition import Definition
from scoring.learning.taught import learning_behind
from scoring.models import Preview
from scoring.preview.scores import Points, compared_with, distribution, moves, names_of, points_of
from scoring.preview.thresholds import choices, threshold_of
from scoring.preview.weekly import Week, per_week
from scoring.sentences import worth as words
from scoring.simplify import Proven, Simplifier

ORDER = ["", Label.DISQUALIFIED, Label.COLD, Label.COOL, Label.WARM, Label.HOT]
SIZES = (30, 25, 20, 15, 10, 5)  # of a simplified model, in criteria
ASKED = 20_000  # leads that are enough to say in which order criteria go


def result_of(preview: Preview, definitions: list[Definition], proven: Backtest, weeks: list[Week]) -> dict[str, Any]:
    """`definitions`: the live one, where there is one, then the draft's."""
    old, new, last = definitions[0] if len(definitions) > 1 else None, definitions[-1], len(definitions) - 1
    points = points_of(preview, old, new)
    return {
        "moves": _moves(preview),
        "distribution": {
            "draft": distribution(preview, "total", 2 * new.axis_limit),
            "live": distribution(preview, "total_before", 2 * new.axis_limit),
        },
        "touched": points.touched,
        "met": met(proven, old, new),
        "weekly": {
            "weeks": [_week(week, definitions) for week in weeks],
            "live": round(per_week(weeks, 0, old), 1) if old else None,
            "draft": round(per_week(weeks, last, new), 1),
        },
        "threshold": threshold_of(new),
        "choices": [asdict(choice) for choice in choices(new, last, weeks, proven)],
        "backtest": _backtest(proven) | {"taught": _taught(preview)},
        **_simpler(new, points, proven),
    }


def _moves(preview: Preview) -> dict[str, Any]:
    """From and to, with the number of leads; up and down by label."""
    labels = moves(preview, "label")
    by = [(ORDER.index(then) - ORDER.index(was), number) for was, then, number in labels]
    return {
        "labels": labels,
        "grades": moves(preview, "grade"),
        "leads": sum(number for _, number in by),
        "up": sum(number for gain, number in by if gain > 0),
        "down": sum(number for gain, number in by if gain < 0),
    }


def _week(week: Week, definitions: list[Definition]) -> dict[str, Any]:
    entering = [round(week.entering(place, definition), 1) for place, definition in enumerate(definitions)]
    live = entering[0] if len(entering) > 1 else None
    return {"first": week.first.date().isoformat(), "asked": week.asked, "live": live, "draft": entering[-1]}


def _backtest(proven: Backtest) -> dict[str, Any]:
    """`worths`: of the live version, where there is one, then of the draft. Rates are k of n."""
    return {
        "question": asdict(proven.question),
        "n": proven.n,
        "won": proven.won,
        "span": [moment.isoformat() for moment in proven.span] if proven.span else None,
        "missing": proven.missing,
        "leaks": [asdict(leak) for leak in proven.leaks],
        "gain": asdict(proven.gain) | {"beyond_chance": proven.gain.beyond_chance} if proven.gain else None,
        "worths": [_worth(worth) for worth in proven.worths],
        "periods": [
            asdict(period) | {"first": period.first.isoformat(), "last": period.last.isoformat()}
            for period in proven.periods
        ],
    }


def _taught(preview: Preview) -> dict[str, dict[str, int]]:
    """Which side was learned from past leads: on these it looks better than it is."""
    sides = {"draft": learning_behind(preview.model_id, preview.definition)}
    if live := compared_with(preview):
        sides["live"] = learning_behind(live.model_id, live.definition, finished_at__lte=live.published_at)
    return {side: {"learning": row.pk, "leads": row.result["leads"]} for side, row in sides.items() if row}


def met(proven: Backtest, old: Definition | None, new: Definition) -> dict[str, list[int]]:
    """Of the past leads that each criterion gave points: [with the outcome, all]. Named as `touched` is; a criterion
    that is gone by the points it gave.
    """
    if not proven.pasts:
        return {}
    found = {}
    for name, (before, after) in names_of(old, new).items():
        past, column = (proven.pasts[-1], after) if after is not None else (proven.pasts[0], before)
        if column is not None and not name.startswith("Group/"):
            there = past.points[:, column] != 0
            found[name] = [int(proven.outcomes[there].sum()), int(there.sum())]
    return found


def _worth(worth: Worth) -> dict[str, Any]:
    return {
        "auc": asdict(worth.auc),
        "precision": worth.precision,
        "tenths": [asdict(tenth) for tenth in worth.tenths],
        "labels": {label: [rate.k, rate.n] for label, rate in worth.labels.items()},
        "grades": {grade: [rate.k, rate.n] for grade, rate in worth.grades.items()},
        "bands": [{"low": low, "high": high, "rate": [rate.k, rate.n]} for low, high, rate in worth.bands],
    }


def _simpler(definition: Definition, points: Points, proven: Backtest) -> dict[str, Any]:
    """What every criterion is worth keeping for, groups at their cap, and smaller models with what they cost."""
    if not len(points.draft):
        return {"criteria": [], "ceilings": [], "smaller": []}
    known = _proven(proven)
    whole = Simplifier(definition, points.draft, points.barred, known)
    rules = definition.criteria
    found = [
        {
            "id": rules[one.place].id, "name": rules[one.place].name, "worth": words(rules[one.place]),
            "group": definition.groups[rules[one.place].group].name, "kind": one.kind, "matched": one.matched,
            "other": rules[one.other].name if one.other is not None else None, "share": one.share,
            "labels": one.loss.labels, "auc": one.loss.auc,
        }
        for one in whole.findings()
    ]  # fmt: skip
    ceilings = [asdict(one) | {"group": definition.groups[one.place].name, "always": one.always}
                for one in whole.ceilings()]  # fmt: skip
    return {"criteria": found, "ceilings": ceilings, "smaller": _smaller(whole, definition, points, known)}


def _proven(proven: Backtest) -> Proven | None:
    if not proven.pasts:
        return None
    past = proven.pasts[-1]
    return Proven(past.points, past.labels == Label.DISQUALIFIED, proven.outcomes)


def _smaller(whole: Simplifier, definition: Definition, points: Points, known: Proven | None) -> list[dict[str, Any]]:
    sizes = [size for size in SIZES if size < len(definition.criteria)]
    if not sizes:
        return []
    some = np.linspace(0, len(points.draft) - 1, min(ASKED, len(points.draft))).astype(int)
    order = Simplifier(definition, points.draft[some], points.barred[some], _some(known)).order(min(sizes))
    losses, rules, smaller = whole.losses(order), definition.criteria, []
    for size in sizes:
        if removed := order[: len(rules) - size] if len(rules) - size <= len(order) else []:
            loss = losses[len(removed) - 1]
            ids = [rules[place].id for place in removed]
            smaller.append({"size": size, "without": ids, "labels": loss.labels, "auc": loss.auc})
    return smaller


def _some(known: Proven | None) -> Proven | None:
    """Everybody who won is kept: they are the few that decide."""
    if known is None or len(known.won) <= ASKED:
        return known
    lost = np.flatnonzero(~known.won)
    kept = np.sort(np.append(np.flatnonzero(known.won), lost[:: max(1, len(lost) // ASKED)]))
    return Proven(known.points[kept], known.barred[kept], known.won[kept])
