"""All that the page of a finished learning shows, from its result."""

from typing import Any

from leads.charts import scale_top, whisker
from leads.statistics import Rate
from scoring.learning.refresh import in_words
from scoring.learning.replacing import unpublished
from scoring.models import Learning, ScoringModel
from scoring.sample import ACCEPTED, HANDOFF, Question


def learned_page(learning: Learning) -> dict[str, Any]:
    result = learning.result
    context: dict[str, Any] = {"result": result, "question": question_words(Question(**learning.question))}
    if not result.get("proposed"):
        return context
    against = result["against"]
    return context | {
        "criteria": _criteria(result), "sizes": _sizes(result), "bands": _bands(result),
        "verdict": in_words(against) if against else "", **_into(learning),
        "budgets": [budget for budget in (15, 25, 40) if budget != learning.budget],
    }  # fmt: skip


def learned_of(model: ScoringModel) -> dict[str, Any] | None:
    """Of a draft that was learned: the past leads behind the criteria that are still as they were learned. One query,
    two where there are any.
    """
    row = Learning.objects.filter(draft=model).first()
    if row is None:
        return None
    there = set(model.criteria.filter(active=True).values_list("name", "points"))
    criteria = [one for one in _criteria(row.result) if (one["name"], one["points"]) in there]
    return {"learning": row, "criteria": criteria, "result": row.result} if criteria else None


def question_words(question: Question) -> str:
    """What is asked of past leads, as the end of a sentence."""
    outcome = "were accepted by sales" if question.outcome == ACCEPTED else "became customers"
    moment = "the day they were handed off" if question.moment == HANDOFF else f"day {question.after} after they came"
    return f"which leads {outcome} within {question.within} days of {moment}"


def _criteria(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Each with the share of those who meet it that won, on one scale with the average."""
    rates = [Rate(row["won"], row["n"]) for row in result["criteria"]]
    top = max(scale_top(rates), result["rate"])
    return [row | {"rate": rate, "interval": rate.interval, "marks": whisker(rate, top)}
            for row, rate in zip(result["criteria"], rates, strict=True)]  # fmt: skip


def _sizes(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Every size with what it loses against the best."""
    best = max(size["auc"] for size in result["sizes"])
    return [size | {"loss": best - size["auc"]} for size in result["sizes"]]


def _bands(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [band | {"rate": Rate(band["won"], band["n"])} for band in result["bands"]]


def _into(learning: Learning) -> dict[str, Any]:
    """`into`: the model whose draft it could become, the one it was compared with. `lost`: how that draft differs from
    what is live of it (`since`), which would make room.
    """
    if learning.live is None:
        return {"into": None, "lost": []}
    found = unpublished(learning.live.model)
    return {"into": found.model, "since": found.since, "lost": found.lost}
