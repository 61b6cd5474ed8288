"""A criterion as a person would write it: “Total time on website at least 760”, “Source is Reference or Welingak”."""

import numpy as np

from scoring.learning.bins import EMPTY, Bins
from scoring.learning.card import Card, Criterion
from scoring.learning.shape import Mask
from scoring.learning.table import NUMBER

SHOWN = 8


def sentence(card: Card, criterion: Criterion) -> str:
    return " and ".join(phrase(card.bins[place], mask) for place, mask in criterion.parts)


def phrase(bins: Bins, mask: Mask) -> str:
    known = known_bins(mask)
    if not known:
        return f"{bins.name} is unknown"
    told = _number(bins, known) if bins.kind == NUMBER else _text(bins, known)
    return f"{told} or unknown" if mask[EMPTY] and not told.endswith("is known") else told


def known_bins(mask: Mask) -> list[int]:
    return [int(bin_) for bin_ in np.flatnonzero(mask) if bin_ != EMPTY]


def bounds(bins: Bins, known: list[int]) -> tuple[float | None, float | None]:
    """At least the first, less than the second; None is open."""
    first, last = known[0], known[-1]
    return (bins.cuts[first - 2] if first > 1 else None), (bins.cuts[last - 1] if last <= len(bins.cuts) else None)


def _number(bins: Bins, known: list[int]) -> str:
    low, high = bounds(bins, known)
    told = ["" if low is None else f"at least {low:,.12g}", "" if high is None else f"under {high:,.12g}"]
    told = [part for part in told if part]
    return f"{bins.name} {' and '.join(told)}" if told else f"{bins.name} is known"


def named(bins: Bins, known: list[int]) -> tuple[bool, list[str]]:
    """(these values or none of these, the values). A group with the rest of all values is told by what it is not."""
    rest = len(bins.words) + 1
    if rest in known:
        return False, [word for place, word in enumerate(bins.words, 1) if place not in known]
    return True, [bins.words[place - 1] for place in known]


def _text(bins: Bins, known: list[int]) -> str:
    these, words = named(bins, known)
    if not words:
        return f"{bins.name} is known"
    shown = words[:SHOWN] + [f"{len(words) - SHOWN} more"] * (len(words) > SHOWN)
    listed = " or ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
    return f"{bins.name} is {listed}" if these else f"{bins.name} is known and not {listed}"
