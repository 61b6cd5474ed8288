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

    @property
    def hot_change(self) -> int:
        return self.hot[1] - self.hot[0]


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
        told["gain"], told["hot"], told.get("misled", 0),
    )  # fmt: skip


def _side(told: dict[str, Any]) -> Side:
    interval = Interval(told["low"], told["high"]) if told["low"] is not None else None
    return Side(OUTCOMES[told["outcome"]], Rate(*told["with"]), Rate(*told["without"]), interval)
