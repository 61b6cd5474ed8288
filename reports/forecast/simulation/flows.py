"""Draws → what is to be expected in each of them: deals opened week by week, won month by month, in one team."""

from dataclasses import dataclass, field

import numpy as np

from reports.forecast.counting.evidence import LABELS, Evidence, Floats
from reports.forecast.horizon import Span
from reports.forecast.lifetable import AGES, WEEK, at, cumulative, incidence, prolonged
from reports.forecast.simulation.parameters import Parameters


def ones() -> Floats:
    return np.ones(len(LABELS))


@dataclass(frozen=True)
class Changes:
    """What somebody says instead of the evidence, of one team by label, as factors. `pace` 2: twice as fast."""

    new: Floats = field(default_factory=ones)
    opens: Floats = field(default_factory=ones)
    wins: Floats = field(default_factory=ones)
    value: Floats = field(default_factory=ones)
    pace: Floats = field(default_factory=ones)


@dataclass(frozen=True)
class Outlook:
    """How deals of one team end, by age in weeks: [draw, label, week]."""

    won: Floats  # share won by then
    still: Floats  # share still open

    def wins_between(self, first: Floats, last: Floats) -> Floats:
        """The share of deals won between two ages."""
        return at(self.won, last) - at(self.won, first)


def outlook(parameters: Parameters, team: int, changes: Changes) -> Outlook:
    """A deal is won with the hazard of its age, label and team; what is won more often is lost less often."""
    wins, losses = parameters.wins.of(team), parameters.losses.of(team)
    both = (wins + losses) * changes.pace[:, None]
    more = np.minimum(wins * (changes.wins * changes.pace)[:, None], both)
    return Outlook(*incidence(prolonged(more, AGES // 2), prolonged(both - more, AGES // 2)))


def opened(parameters: Parameters, evidence: Evidence, spans: list[Span], team: int, changes: Changes) -> Floats:
    """Deals that will be opened in each week from now: [draw, label, week]."""
    weeks = int(np.ceil(spans[-1].end / WEEK))
    drift, direct = (_weekly(table, spans, weeks) for table in (parameters.drift, parameters.drift_direct))
    now = evidence.open_leads[team][:, None] * _first(parameters.opens.of(team), changes.opens, weeks)
    coming = WEEK * parameters.arrivals[:, team] * changes.new
    of_new = _first(parameters.opens_new.of(team), changes.opens, weeks)
    later = np.zeros_like(now)
    for week in range(weeks):
        later[:, :, week:] += coming[:, :, None] * drift[:, None, week, None] * of_new[:, :, : weeks - week]
    straight = WEEK * (parameters.direct[:, team] * changes.new)[:, :, None] * direct[:, None, :]
    return now + later + straight


def _first(hazard: Floats, factor: Floats, weeks: int) -> Floats:
    """The share that opens its first deal in each week."""
    still = np.exp(-cumulative(prolonged(hazard, max(0, weeks - hazard.shape[-1])) * factor[:, None]))
    return (still[..., :-1] - still[..., 1:])[..., :weeks]


def _weekly(table: Floats, spans: list[Span], weeks: int) -> Floats:
    """[draw, span] → [draw, week], by the middle of the week."""
    ends = np.array([span.end for span in spans])
    middle = (np.arange(weeks) + 0.5) * WEEK
    return table[:, np.minimum(np.searchsorted(ends, middle), len(spans) - 1)]


def won_of_new(opening: Floats, ends: Outlook, month: Floats, spans: list[Span]) -> Floats:
    """Wins of deals not opened yet: [draw, label, span]."""
    began = np.arange(opening.shape[-1]) + 0.5
    won = [
        (opening * ends.wins_between(np.maximum(span.start / WEEK - began, 0), np.maximum(span.end / WEEK - began, 0)))
        .sum(axis=-1)
        for span in spans
    ]  # fmt: skip
    return np.stack(won, axis=-1) * month[:, None, :]


def chances(deals: Floats, ends: Outlook, month: Floats, spans: list[Span]) -> Floats:
    """How probable each open deal is to be won in each month: [draw, deal, span]. Deals as rows of Evidence."""
    label, age = deals[:, 1].astype(np.int64), np.minimum(deals[:, 2] / WEEK, AGES - 1)
    edges = age[:, None] + np.array([spans[0].start, *(span.end for span in spans)]) / WEEK
    won = _at(ends.won, label, edges)
    still = np.maximum(_at(ends.still, label, age[:, None]), 1e-12)
    each = np.diff(won, axis=-1) / still * month[:, None, :]
    total = each.sum(axis=-1, keepdims=True)
    return each / np.maximum(total, 1.0)


def _at(curve: Floats, label: np.ndarray, weeks: Floats) -> Floats:
    """[draw, label, week] at the label and the moments of each deal: [draw, deal, moment]."""
    place = np.clip(weeks, 0, curve.shape[-1] - 1)
    low = np.minimum(place.astype(np.int64), curve.shape[-1] - 2)
    rest = place - low
    return curve[:, label[:, None], low] * (1 - rest) + curve[:, label[:, None], low + 1] * rest
