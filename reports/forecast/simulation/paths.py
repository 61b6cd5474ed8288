"""Draws → paths of revenue: in each, everything unknown is one way, and chance does the rest."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reports.forecast.counting.evidence import Evidence, Floats
from reports.forecast.horizon import Span, spans
from reports.forecast.simulation.flows import Changes, Outlook, chances, opened, outlook, won_of_new
from reports.forecast.simulation.parameters import Parameters, drawn

DRAWS = 1000
AT_ONCE = 250  # deals
SEED = 80


@dataclass(frozen=True)
class World:
    """What is known, the months ahead, and draws of what is not known. The same evidence gives the same world."""

    evidence: Evidence
    spans: list[Span]
    parameters: Parameters


@dataclass(frozen=True)
class Paths:
    """One team: revenue by month in each path [draw, span], and what is expected by label [label, span]."""

    team: int
    revenue: Floats
    by_label: Floats


def world(evidence: Evidence, draws: int = DRAWS) -> World:
    months = spans(evidence.as_of)
    return World(evidence, months, drawn(evidence, months, draws, _dice(evidence, 0)))


def simulate(known: World, changes: dict[int, Changes] | None = None) -> list[Paths]:
    """Every team, in order of the evidence. `changes` by team id: what somebody says instead of the evidence.

    Paths of the same number share what concerns everybody, so those of several teams may be added.
    """
    said = changes or {}
    return [paths(known, place, said.get(team, Changes())) for place, team in enumerate(known.evidence.teams)]


def paths(known: World, place: int, changes: Changes) -> Paths:
    """The team at that place. Each has dice of its own, so that one more team changes nothing for the others."""
    team = known.evidence.teams[place]
    rng, value = _dice(known.evidence, team), known.parameters.value[:, place] * changes.value
    ends = outlook(known.parameters, place, changes)
    later = later_wins(known, place, changes, ends)
    spread = known.parameters.value_spread
    revenue = _amounts(rng.poisson(later).astype(np.float64), value[:, :, None], spread, rng).sum(axis=1)
    expected = (later * value[:, :, None]).mean(axis=0)
    for deals in _some(known.evidence, place):
        chance = sales(deals, ends, known)
        revenue += _sold(deals, chance, value, spread, rng)
        np.add.at(expected, deals[:, 1].astype(np.int64), _due(deals, chance, value).mean(axis=0))
    return Paths(team, revenue, expected)


def later_wins(known: World, place: int, changes: Changes, ends: Outlook) -> Floats:
    """Wins with an amount to expect of deals that are not opened yet: [draw, label, span]."""
    opening = opened(known.parameters, known.evidence, known.spans, place, changes)
    return won_of_new(opening, ends, known.parameters.month, known.spans) * known.parameters.priced


def sales(deals: Floats, ends: Outlook, known: World) -> Floats:
    """How probable it is that each open deal is won in each month with an amount: [draw, deal, span]."""
    written = np.where(np.isnan(deals[:, 3]), known.parameters.priced, 1.0)
    return chances(deals, ends, known.parameters.month, known.spans) * written[:, None]


def expected(known: World, place: int, changes: Changes) -> Floats:
    """Revenue to expect of one team in each draw, all months together: [draw]. Without the luck of single deals."""
    ends = outlook(known.parameters, place, changes)
    value = known.parameters.value[:, place] * changes.value
    total = (later_wins(known, place, changes, ends) * value[:, :, None]).sum(axis=(1, 2))
    for deals in _some(known.evidence, place):
        chance = sales(deals, ends, known)
        total = total + _due(deals, chance, value).sum(axis=(1, 2))
    return total


def interval(draws: Floats, share: float = 0.8) -> tuple[Floats, Floats]:
    """The middle part of the draws (first axis) that holds so large a share of them."""
    low, high = np.quantile(draws, [(1 - share) / 2, (1 + share) / 2], axis=0)
    return low, high


def _dice(evidence: Evidence, team: int) -> np.random.Generator:
    return np.random.default_rng([SEED, int(evidence.as_of.timestamp()), team])


def _some(evidence: Evidence, place: int) -> Iterator[Floats]:
    """The open deals of the team, as many at once as memory likes."""
    deals = evidence.open_deals[evidence.open_deals[:, 0] == place]
    return (deals[start : start + AT_ONCE] for start in range(0, len(deals), AT_ONCE))


def _due(deals: Floats, chance: Floats, value: Floats) -> Floats:
    """What to expect of each open deal: [draw, deal, span]. Its own amount, else the usual one of its label."""
    own = deals[:, 3]
    return chance * np.where(np.isnan(own), value[:, deals[:, 1].astype(np.int64)], own)[:, :, None]


def _sold(deals: Floats, chance: Floats, value: Floats, spread: float, rng: np.random.Generator) -> Floats:
    """What open deals bring when luck has decided: [draw, span]."""
    usual = _amounts(np.ones((len(value), len(deals))), value[:, deals[:, 1].astype(np.int64)], spread, rng)
    amount = np.where(np.isnan(deals[:, 3]), usual, deals[:, 3])
    edges = np.cumsum(chance, axis=-1)
    luck = rng.random((*chance.shape[:2], 1))
    hit = (luck < edges) & (luck >= edges - chance)
    return (hit * amount[:, :, None]).sum(axis=1)


def _amounts(number: Floats, mean: Floats, spread: float, rng: np.random.Generator) -> Floats:
    """The sum of so many amounts: gamma with their mean and variance, never below zero."""
    shape = number / max(spread, 0.05) ** 2
    scale = mean * max(spread, 0.05) ** 2
    return np.where(number > 0, rng.gamma(np.maximum(shape, 1e-9)) * scale, 0.0)
