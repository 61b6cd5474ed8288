"""All that the page of a finished preview shows."""

from typing import Any

from scoring.capacity import sales_capacity
from scoring.engine.definition import Definition, load
from scoring.models import Entry, Preview
from scoring.preview import job, told
from scoring.preview.scores import compared_with, deciding_before


def preview_page(preview: Preview, hot: str) -> dict[str, Any]:
    """`hot`: where Hot would begin, as somebody tries it out without a script."""
    live = compared_with(preview)
    newest = preview.model.versions.order_by("-number").values_list("number", flat=True).first() or 0
    definition, capacity, result = load(preview.definition), sales_capacity(), preview.result
    names = {"draft": f"Draft {newest + 1}", "live": f"Version {live.number}" if live else ""}
    return {
        "preview": preview, "result": result, "live": live, "names": names, "current": job.current(preview),
        "lost": not preview.scores.exists() and bool(result["moves"]["leads"]),
        "capacity": capacity, "over": told.over(preview, capacity),
        "verdict": told.verdict(preview, names["draft"], names["live"].lower(), capacity),
        "before": [str(version.model) for version in deciding_before(preview).select_related("model")],
        "changing": result["moves"]["up"] + result["moves"]["down"], "waiting": told.waiting(preview, capacity),
        "since": Entry.objects.filter(recorded_at__gt=preview.facts_at).count(),
        "stay": result["moves"]["leads"] - result["moves"]["up"] - result["moves"]["down"],
        "matrix": told.matrix(result), "grades": told.grade_moves(result), "rules": told.rules_changed(preview, live),
        "distribution": told.distribution(result, 2 * definition.axis_limit), "found": told.found_of(preview),
        "fifths": told.fifths(result, 2 * definition.axis_limit), "top": _top(result, capacity.leads),
        **_threshold(preview, definition, capacity, hot), **_backtest(result["backtest"], names),
    }  # fmt: skip


def _top(result: dict[str, Any], capacity: int) -> float:
    """The end of the capacity bars."""
    weekly = result["weekly"]
    return max(weekly["draft"], weekly["live"] or 0, capacity, 1) * 1.25


def _threshold(preview: Preview, definition: Definition, capacity: Any, hot: str) -> dict[str, Any]:
    """The choices, and the one that is looked at: asked for, or proposed, or the draft's own."""
    choices = preview.result["choices"]
    if not choices:
        return {"choices": []}
    own = definition.engagement_limits[preview.result["threshold"]]
    fitting = told.fitting(preview, capacity)
    wanted = int(hot) if hot.isascii() and hot.isdecimal() and len(hot) < 6 else (fitting or {"limit": own})["limit"]
    chosen = max((one for one in choices if one["limit"] <= wanted), key=lambda one: one["limit"], default=choices[0])
    of_own = next(one for one in choices if one["limit"] == own)
    return {
        "choices": choices, "chosen": chosen, "own": of_own, "fitting": fitting,
        "digit": preview.result["threshold"] + 1, "lowest": choices[0]["limit"], "highest": choices[-1]["limit"],
    }  # fmt: skip


def _backtest(backtest: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"backtest": backtest, "criteria_left_out": [leak["label"] for leak in backtest["leaks"]]}
    if backtest["missing"]:
        return found
    of_live = [names["live"]] if len(backtest["worths"]) > 1 else []
    return found | {
        "average": told.least(backtest),
        "lift": told.lift(backtest),
        "aucs": told.aucs(backtest, [*of_live, names["draft"]]),
        "by_label": told.rates(backtest, "labels"),
        "by_grade": told.rates(backtest, "grades"),
        "by_score": told.calibration(backtest),
        "periods": told.periods(backtest),
        "best_tenth": [worth["tenths"][0]["won"] for worth in backtest["worths"]],
    }
