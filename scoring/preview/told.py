"""A preview's result as its page says it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from leads.charts import Whisker, scale_top, whisker
from leads.conditions.vocabulary import Vocabulary
from leads.enums import Label
from leads.statistics import Rate
from leads.templatetags.ui import number, percent
from scoring.capacity import SalesCapacity
from scoring.diff import Difference, differences
from scoring.engine.definition import load
from scoring.models import Preview, Version
from scoring.preview.charts import Twins, twins
from scoring.preview.result import ORDER

ALWAYS = [Label.HOT, Label.WARM, Label.COOL, Label.COLD]


def label_name(label: str) -> str:
    return Label(label).label if label else "No label"


# --- Who would move -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    leads: int
    tone: str
    query: str


@dataclass(frozen=True)
class Row:
    name: str
    cells: list[Cell]
    total: int


@dataclass(frozen=True)
class Matrix:
    names: list[str]
    rows: list[Row]
    totals: list[int]
    total: int


def matrix(result: dict[str, Any]) -> Matrix:
    """From the label of today to the label by the draft, best first."""
    counted = {(was, then): leads for was, then, leads in result["moves"]["labels"]}
    occur = {label for pair in counted for label in pair}
    labels = [label for label in reversed(ORDER) if label in occur or label in ALWAYS]
    rows = [
        Row(label_name(was), [_cell(counted.get((was, then), 0), was, then) for then in labels],
            sum(leads for (before, _), leads in counted.items() if before == was))
        for was in labels
    ]  # fmt: skip
    totals = [sum(leads for (_, then), leads in counted.items() if then == label) for label in labels]
    return Matrix([label_name(label) for label in labels], rows, totals, sum(totals))


def _cell(leads: int, was: str, then: str) -> Cell:
    gain = ORDER.index(then) - ORDER.index(was)
    tone = "none" if not leads else "up" if gain > 0 else "down" if gain < 0 else ""
    return Cell(leads, tone, urlencode({"by": "label", "was": was, "then": then}))


def grade_moves(result: dict[str, Any]) -> list[tuple[str, str, int, str]]:
    """(from, to, leads, query) of the pairs that differ, most leads first."""
    moved = [(was, then, leads) for was, then, leads in result["moves"]["grades"] if was != then]
    moved.sort(key=lambda move: -move[2])
    return [
        (was or "–", then or "–", leads, urlencode({"by": "grade", "was": was, "then": then}))
        for was, then, leads in moved
    ]


# --- Rules ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Changed:
    """`touched`: leads whose points from the rule differ; None: not of one rule. `met`: of the past leads that it gave
    points, those with the outcome; `lift`: their share against that of all, where there are enough."""

    change: Difference
    touched: int | None
    met: Rate | None
    lift: float | None


def rules_changed(preview: Preview, live: Version | None) -> list[Changed]:
    """What the draft says differently, each with what speaks for it."""
    old = load(live.definition) if live else None
    found = differences(old, load(preview.definition), Vocabulary.load())
    return [_changed(change, preview.result) for change in found]


def _changed(change: Difference, result: dict[str, Any]) -> Changed:
    name, backtest = f"{change.place}/{change.name}", result["backtest"]
    met = Rate(*result["met"][name]) if name in result.get("met", {}) else None
    average = backtest["won"] / backtest["n"] if backtest["n"] else 0.0
    lift = met.share / average if met and met.share is not None and average else None
    return Changed(change, result["touched"].get(name), met, lift)


# --- Charts ---------------------------------------------------------------------------------------------


def distribution(result: dict[str, Any], top: int) -> Twins:
    live, draft = result["distribution"]["live"], result["distribution"]["draft"]
    edges = [round(top * i / len(draft)) for i in range(len(draft) + 1)]
    names = [str(edge) for edge in edges[:-1]]
    says = [f"{low} to {high - 1}: {was:,} → {then:,} leads"
            for low, high, was, then in zip(edges, [*edges[1:-1], top + 1], live, draft, strict=False)]  # fmt: skip
    return twins(names, live, draft, says)


def fifths(result: dict[str, Any], top: int) -> list[tuple[int, int, int, int]]:
    """(from, to, leads now, leads by the draft), best scores first."""
    live, draft = result["distribution"]["live"], result["distribution"]["draft"]
    part = len(draft) // 5
    edges = [round(top * i / 5) for i in range(6)]
    return [
        (edges[i], edges[i + 1] - (i < 4), sum(live[i * part : (i + 1) * part]), sum(draft[i * part : (i + 1) * part]))
        for i in reversed(range(5))
    ]


def lift(backtest: dict[str, Any]) -> Twins:
    """How much better than average each tenth of the leads was, best scores first."""
    rows = [worth["tenths"] for worth in backtest["worths"]]
    draft, live = rows[-1], rows[0] if len(rows) > 1 else None
    said = [f"{_whole(live[i]['won'])} → {_whole(one['won'])} of {_whole(one['n'])}" if live
            else f"{_whole(one['won'])} of {_whole(one['n'])}" for i, one in enumerate(draft)]  # fmt: skip
    names = [str(i + 1) for i in range(len(draft))]
    return twins(
        names, [one["lift"] for one in live] if live else None, [one["lift"] for one in draft], said, "×", mark=1.0
    )


def _whole(value: float) -> str:
    return f"{value:,.0f}"


# --- Backtest -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sorted:
    """A model's AUC with where its whisker goes, on a scale from 0.5 to 1."""

    name: str
    auc: dict[str, float]
    marks: Whisker


def aucs(backtest: dict[str, Any], names: list[str]) -> list[Sorted]:
    return [Sorted(name, worth["auc"], _auc_marks(worth["auc"]))
            for name, worth in zip(names, backtest["worths"], strict=True)]  # fmt: skip


def _auc_marks(auc: dict[str, float]) -> Whisker:
    places = (round(2 + 156 * min(max(auc[name] - 0.5, 0) * 2, 1), 1) for name in ("low", "value", "high"))
    return Whisker(*places)


@dataclass(frozen=True)
class Rates:
    """The same label, grade or score range by the live version and by the draft."""

    name: str
    label: str
    live: Rate | None
    draft: Rate
    marks: Whisker | None


def rates(backtest: dict[str, Any], what: str) -> tuple[float, list[Rates]]:
    """(end of the scale, rows) of "labels" or "grades", best first."""
    tables = [{name: Rate(*pair) for name, pair in worth[what].items()} for worth in backtest["worths"]]
    draft, live = tables[-1], tables[0] if len(tables) > 1 else {}
    names = [name for name in (reversed(ORDER) if what == "labels" else sorted({*draft, *live}))
             if _any(draft.get(name)) or _any(live.get(name))]  # fmt: skip
    return _scaled([(name, live.get(name) if live else None, draft.get(name, Rate(0, 0))) for name in names])


def calibration(backtest: dict[str, Any]) -> tuple[float, list[Rates]]:
    """By score, in fifths of the most a model can give, lowest first."""
    tables = [worth["bands"] for worth in backtest["worths"]]
    live = [Rate(*band["rate"]) for band in tables[0]] if len(tables) > 1 else [None] * len(tables[-1])
    return _scaled([(f"{band['low']} to {band['high']}", was, Rate(*band["rate"]))
                    for band, was in zip(tables[-1], live, strict=True)])  # fmt: skip


def _scaled(rows: list[tuple[str, Rate | None, Rate]]) -> tuple[float, list[Rates]]:
    top = scale_top(draft for _, _, draft in rows)
    return top, [Rates(label_name(name) if name in Label.values else name, name, live, draft, whisker(draft, top))
                 for name, live, draft in rows]  # fmt: skip


def _any(rate: Rate | None) -> bool:
    return bool(rate and rate.n)


def periods(backtest: dict[str, Any]) -> list[dict[str, Any]]:
    """The earlier and the later half, with moments as moments; empty where either has too few outcomes."""
    moments = ("first", "last")
    return [
        period | {name: datetime.fromisoformat(period[name]) for name in moments}
        for period in backtest.get("periods", [])
    ]


# --- In short -------------------------------------------------------------------------------------------


def verdict(preview: Preview, draft: str, live: str, capacity: SalesCapacity) -> tuple[str, str]:
    """Does it sort better, and can sales work it: the plain part, and the part that is the news."""
    return f"{draft} {_sorting(preview.result['backtest'], live)}", _volume(preview.result["weekly"], capacity)


def _sorting(backtest: dict[str, Any], live: str) -> str:
    if backtest["missing"]:
        return f"cannot be proved on past leads yet (needed: {backtest['missing']})"
    gain = backtest["gain"]
    if gain is None:
        auc = backtest["worths"][-1]["auc"]
        better = auc["low"] > 0.5
        return "sorts past leads better than chance" if better else "does not sort past leads better than chance"
    if not gain["beyond_chance"]:
        same = not gain["value"]
        return f"sorts past leads like {live}" if same else f"sorts past leads about as well as {live}"
    return f"sorts past leads {'better' if gain['value'] > 0 else 'worse'} than {live}"


def _volume(weekly: dict[str, Any], capacity: SalesCapacity) -> str:
    hot = round(weekly["draft"])
    makes = f"makes {number(hot)} lead{'' if hot == 1 else 's'} Hot per week"
    if not capacity.known:
        return f"{makes}. How many sales can work is not known."
    over = hot > capacity.leads
    return f"{makes} and sales can work {'' if over else 'up to '}{number(capacity.leads)}."


def over(preview: Preview, capacity: SalesCapacity) -> bool:
    return capacity.known and round(preview.result["weekly"]["draft"]) > capacity.leads


def waiting(preview: Preview, capacity: SalesCapacity) -> int:
    """Leads a week that sales could not work; 0 where that is not known."""
    return max(0, round(preview.result["weekly"]["draft"]) - capacity.leads) if capacity.known else 0


def fitting(preview: Preview, capacity: SalesCapacity) -> dict[str, Any] | None:
    """The choice that stays within capacity and loses least, where the draft does not."""
    if not over(preview, capacity):
        return None
    fits = [choice for choice in preview.result["choices"] if round(choice["hot_per_week"]) <= capacity.leads]
    return min(fits, key=lambda choice: choice["limit"], default=None)


def least(backtest: dict[str, Any]) -> str:
    """4.0%: the average of all leads."""
    return percent(backtest["won"] / backtest["n"] if backtest["n"] else None, 1)


def found_of(preview: Preview) -> dict[str, list[dict[str, Any]]]:
    """Criteria that could go ("some") and the others ("rest"), and groups always at their cap."""
    parts = defaultdict(list)
    for rule in preview.result["criteria"]:
        parts["some" if rule["kind"] else "rest"].append(rule)
    parts["ceilings"] = [one for one in preview.result["ceilings"] if one["always"]]
    return {"some": parts["some"], "rest": parts["rest"], "ceilings": parts["ceilings"]}
