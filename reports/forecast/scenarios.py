"""What if: more new leads of a label, more reps. The same draws with and without, so only the difference is left."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from leads.models import Team
from reports.forecast.assumptions import DRAWS, UNWORKED, Name, changes_of
from reports.forecast.capacity import Reps, per_week, place_reps, reps_of, share_of
from reports.forecast.counting import LABELS, Evidence, Floats
from reports.forecast.scope import WhatIf
from reports.forecast.simulation import Changes, World, interval, later_wins, outlook, world
from reports.models.forecast import Assumption, ForecastCount, TeamForecast

HANDED = 0.05  # of a team's handoffs: labels with less are not what it hands off


@dataclass(frozen=True)
class Load:
    """A team's handoffs a week against what its reps can take (None: not known), now and if."""

    team: Team
    handoffs: float
    handoffs_if: float
    capacity: float | None
    capacity_if: float | None

    @property
    def worked(self) -> float:
        return _worked(self.handoffs, self.capacity)

    @property
    def worked_if(self) -> float:
        return _worked(self.handoffs_if, self.capacity_if)

    def times(self, keeps: float) -> float:
        """The chance of a handoff if, against now, where one that nobody works keeps that part of its chance. As now
        where nobody has time and nothing is kept: then no count says what work would bring.
        """
        now, then = (worked + (1 - worked) * keeps for worked in (self.worked, self.worked_if))
        return then / now if now else 1.0


@dataclass(frozen=True)
class Effect:
    """What it would add to the expected revenue of the six months. `reps`: where the reps would go, by team id."""

    gain: float
    low: float
    high: float
    loads: list[Load]
    reps: dict[int, int]


def effect(what_if: WhatIf, latest: Sequence[TeamForecast], teams: Sequence[Team]) -> Effect | None:
    """None where nothing was counted. Five queries; no new count.

    Deals that are open already are not touched. A lead handed off that nobody has time for keeps part of its chance
    (an assumption); what was counted holds for the share that is worked now.
    """
    counted = ForecastCount.objects.enough()
    if counted is None or not latest:
        return None
    held = list(Assumption.objects.in_force().filter(team__in=teams))
    reps = reps_of(teams)
    placed = place_reps(what_if, latest, reps)
    loads = [_load(what_if, row, team, reps[team.pk], placed) for row, team in _pairs(latest, teams)]
    known = world(Evidence.from_json(counted.evidence), DRAWS)
    base = changes_of(known, held)
    gain = np.zeros(DRAWS)
    for load, row in zip(loads, [row for row, _ in _pairs(latest, teams)], strict=True):
        if load.team.pk in known.evidence.teams:
            gain += _gain(known, load, row, base.get(load.team.pk, Changes()), what_if, _keeps(held, load.team))
    low, high = interval(gain)
    return Effect(float(gain.mean()), float(low), float(high), loads, placed)


def _pairs(latest: Sequence[TeamForecast], teams: Sequence[Team]) -> list[tuple[TeamForecast, Team]]:
    named = {team.pk: team for team in teams}
    return [(row, named[row.team_id]) for row in latest if row.team_id in named]


def _load(what_if: WhatIf, row: TeamForecast, team: Team, reps: Reps, placed: dict[int, int]) -> Load:
    capacity = reps.leads
    then = None if capacity is None else max(0.0, capacity + placed.get(team.pk, 0) * reps.usual)
    return Load(team, per_week(row), per_week(row, what_if), capacity, then)


def _worked(handoffs: float, capacity: float | None) -> float:
    """The share of handoffs somebody has time for."""
    return 1.0 if capacity is None or handoffs <= capacity else capacity / handoffs


def _keeps(held: Sequence[Assumption], team: Team) -> float:
    said = [one.value for one in held if one.team_id == team.pk and one.name == Name.UNWORKED]
    return said[0] if said else UNWORKED


def _gain(known: World, load: Load, row: TeamForecast, base: Changes, what_if: WhatIf, keeps: float) -> Floats:
    """[draw] of one team."""
    place = known.evidence.teams.index(load.team.pk)
    new, opens = base.new.copy(), base.opens.copy()
    new[LABELS.index(what_if.label)] *= 1 + what_if.more / 100
    times = load.times(keeps)
    for label in LABELS:
        if label and share_of(row, label) >= HANDED:
            opens[LABELS.index(label)] *= times
    changed = replace(base, new=new, opens=opens)
    return _later(known, place, changed) - _later(known, place, base)


def _later(known: World, place: int, changes: Changes) -> Floats:
    """Revenue of deals not opened yet, in the whole months ahead."""
    wins = later_wins(known, place, changes, outlook(known.parameters, place, changes))
    whole = [i for i, span in enumerate(known.spans) if span.whole]
    value = known.parameters.value[:, place] * changes.value
    return (wins[:, :, whole] * value[:, :, None]).sum(axis=(1, 2))
