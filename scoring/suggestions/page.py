"""All that the page of suggestions shows."""

from dataclasses import dataclass
from typing import Any

from leads.statistics import Interval, Rate
from scoring.models import ScoringModel, Suggestion, SuggestionCount, SuggestionState
from scoring.suggestions.counting import of_models

OUTCOMES = {"won": "became customers", "accepted": "were accepted by sales"}


@dataclass(frozen=True)
class Side:
    """One outcome of those it is about (`having`) and of the others; `interval` of the difference."""

    outcome: str
    having: Rate
    others: Rate
    interval: Interval | None


@dataclass(frozen=True)
class Row:
    suggestion: Suggestion
    sides: list[Side]
    reasons: list[dict[str, Any]]
    gain: dict[str, float] | None
    hot: list[int]
    misled: int
    promise: str

    @property
    def unsure(self) -> str:
        """Where the interval of the gain includes zero: what that means."""
        if self.gain is None or self.gain["low"] > 0:
            return ""
        return "as good without it" if self.suggestion.kind == Suggestion.REMOVAL else "may change nothing"

    @property
    def disagree(self) -> bool:
        """What sales takes is, beyond chance, not what buys: one outcome speaks for such leads, the other against."""
        sure = [side.interval for side in self.sides if side.interval]
        return any(one.low > 0 for one in sure) and any(one.high < 0 for one in sure)


@dataclass(frozen=True)
class OfModel:
    """`rows` are open, `dismissed` and `adopted` decided; `reasons` of sales that speak about a criterion."""

    model: ScoringModel
    count: SuggestionCount | None
    counting: bool
    rows: list[Row]
    dismissed: list[Row]
    adopted: list[Suggestion]
    reasons: list[dict[str, Any]]
    won: Rate
    accepted: Rate


def suggestions_page() -> list[OfModel]:
    """Of every live model. Three queries."""
    waits = of_models()
    rows = Suggestion.objects.filter(model__in=[one.model for one in waits]).select_related("decided_by")
    found: dict[tuple[int, str], list[Suggestion]] = {}
    for row in rows:
        found.setdefault((row.model_id, row.state), []).append(row)
    return [
        OfModel(
            one.model, one.count, one.counting,
            [row_of(row) for row in found.get((one.model.pk, SuggestionState.OPEN), [])],
            [row_of(row) for row in found.get((one.model.pk, SuggestionState.DISMISSED), [])],
            found.get((one.model.pk, SuggestionState.ADOPTED), []),
            [_reason(row) for row in figures.get("reasons", [])],
            Rate(*figures.get("won", (0, 0))), Rate(*figures.get("accepted", (0, 0))),
        )
        for one in waits for figures in [one.count.figures if one.count else {}]
    ]  # fmt: skip


def _reason(told: dict[str, Any]) -> dict[str, Any]:
    return told | {"having": Rate(*told["with"]), "others": Rate(*told["without"])}


def row_of(suggestion: Suggestion) -> Row:
    told = suggestion.evidence
    return Row(
        suggestion, [_side(one) for one in (told, *told["others"])],
        [_reason(row) for row in told.get("reasons", [])],
        told["gain"], told["hot"], told.get("misled", 0), _promise(suggestion),
    )  # fmt: skip


def _promise(suggestion: Suggestion) -> str:
    """Where the edit seems to contradict the plain shares: they were held against what the scores promised, too."""
    told, up = suggestion.evidence, _direction(suggestion)
    (k, n), (rest, others) = told["with"], told["without"]
    more = k * others > rest * n
    if not up or more == (up > 0):
        return ""
    often, yet = ("more", "less") if more else ("less", "more")
    return (
        f"{often.capitalize()} often than the others, yet {yet} often than their scores promise"
        f" ({told['expected']:,.0f} of {n:,} expected): their other criteria account for the rest."
    )


def _direction(suggestion: Suggestion) -> int:
    """Above 0: more points for those it is about; below: fewer; 0: it is about which leads, not how many points."""
    was = (suggestion.before or {}).get("points", 0)
    if suggestion.kind == Suggestion.REMOVAL:
        return -was
    return suggestion.edit["points"] - was if suggestion.kind in (Suggestion.POINTS, Suggestion.NEW) else 0


def _side(told: dict[str, Any]) -> Side:
    interval = Interval(told["low"], told["high"]) if told["low"] is not None else None
    return Side(OUTCOMES[told["outcome"]], Rate(*told["with"]), Rate(*told["without"]), interval)
