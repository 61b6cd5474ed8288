"""The assumptions a manager may question: overruled with a reason, shown with their effect, and taken back."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from leads.access import teams_with
from leads.models import Team, User
from leads.retry import retried
from reports.forecast.basis import estimates, opening_hazard
from reports.forecast.counting import LABELS, Floats
from reports.forecast.simulation import Changes, World, expected, interval, world
from reports.models.forecast import Assumption
from reports.scope import READ

Name = Assumption.Name
# What a value may be: least, most, and the words for it.
LIMITS = {
    Name.NEW: (0.0, 1_000_000.0, "leads a month, 0 or more"),
    Name.OPENS: (0.0, 1.0, "a share from 0 to 100%"),
    Name.WINS: (0.0, 1.0, "a share from 0 to 100%"),
    Name.VALUE: (0.0, 1e9, "an amount, 0 or more"),
    Name.DAYS: (1.0, 1000.0, "days from 1 to 1,000"),
    Name.UNWORKED: (0.0, 1.0, "a share from 0 to 100%"),
}
SHARES = (Name.OPENS, Name.WINS, Name.UNWORKED)
UNWORKED = 0.6  # until somebody says otherwise: no data can tell it, for who was not worked was chosen
DRAWS = 200  # of an effect: means need fewer draws than the ends of intervals
LEAST = 1e-9
HALVINGS = 60


def readable(user: User) -> QuerySet[Assumption]:
    """Those of the teams whose reports this person may see."""
    return Assumption.objects.visible_to(user).filter(team__in=teams_with(user, READ))


@retried
@transaction.atomic
def overrule(
    team: Team, name: str, value: float, *, label: str = "", why: str, by: User, counted: float | None = None
) -> Assumption:
    """Set what the forecast takes for this label in this team. One that held before is taken back by the same person.

    Raises ValidationError for a value that cannot be, a missing reason, or where nothing was seen to build on.
    """
    _check(name, value, label, why, counted)
    now = timezone.now()
    _in_force(team, label, name).update(ended_at=now, ended_by=by)
    return Assumption.objects.create(
        team=team, label=label, name=name, value=value, counted=counted, why=why.strip(), by=by, at=now
    )


def take_back(assumption: Assumption, *, by: User) -> bool:
    """What was counted holds again. False: it had been taken back already."""
    held = Assumption.objects.filter(pk=assumption.pk, ended_at=None)
    return held.update(ended_at=timezone.now(), ended_by=by) == 1


def _check(name: str, value: float, label: str, why: str, counted: float | None) -> None:
    least, most, words = LIMITS[Name(name)]
    if not least <= value <= most:
        raise ValidationError({"value": f"Give {words}."})
    if not why.strip():
        raise ValidationError({"why": "Say why: whoever reads the forecast will ask."})
    if (name == Name.UNWORKED) != (label == ""):
        raise ValidationError({"label": "Choose a label; only the chance of leads nobody works is of all labels."})
    if name != Name.UNWORKED and not counted:
        raise ValidationError({"value": "Nothing was seen of this label in this team yet, so there is no base for it."})


def _in_force(team: Team, label: str, name: str) -> Any:
    return Assumption.objects.filter(team=team, label=label, name=name, ended_at=None)


def changes_of(known: World, held: Iterable[Assumption]) -> dict[int, Changes]:
    """What these assumptions change, by team: factors of what the evidence says now."""
    by_team: dict[int, list[Assumption]] = {}
    for one in held:
        by_team.setdefault(one.team_id, []).append(one)
    places = {team: place for place, team in enumerate(known.evidence.teams)}
    return {team: _changes(known, places[team], said) for team, said in by_team.items() if team in places}


def _changes(known: World, place: int, said: list[Assumption]) -> Changes:
    counted, factors = estimates(known, place, Changes()), Changes()
    for one in said:
        if one.name == Name.UNWORKED:
            continue
        label = LABELS.index(one.label)
        was = counted.of(one.name)[label]
        if was and not np.isnan(was):
            _target(factors, one.name)[label] = (
                _factor_of_hazard(known, place, label, one.value) if one.name == Name.OPENS
                else was / max(one.value, LEAST) if one.name == Name.DAYS else one.value / was
            )  # fmt: skip
    return factors


def _target(factors: Changes, name: str) -> Floats:
    return factors.pace if name == Name.DAYS else getattr(factors, name)


def _factor_of_hazard(known: World, place: int, label: int, share: float) -> float:
    """By how much hazards must rise for the mean share over the draws to be that one; found by halving."""
    total = opening_hazard(known, place)[:, label]
    low, high = 0.0, 1e6
    for _ in range(HALVINGS):
        middle = np.sqrt(max(low, LEAST) * high)
        low, high = (middle, high) if (1 - np.exp(-middle * total)).mean() < share else (low, middle)
    return float(high)


def effects(evidence: Any, held: list[Assumption]) -> dict[int, list[dict[str, Any]]]:
    """By team: each assumption in force with what it adds to the expected revenue of the horizon, all others held."""
    if not held:
        return {}
    known = world(evidence, DRAWS)
    changed = changes_of(known, held)
    found: dict[int, list[dict[str, Any]]] = {}
    for one in held:
        if one.team_id not in changed:
            continue
        place = evidence.teams.index(one.team_id)
        without = _changes(known, place, [other for other in held if other.team_id == one.team_id and other != one])
        gain = expected(known, place, changed[one.team_id]) - expected(known, place, without)
        low, high = interval(gain)
        effect = {"gain": float(gain.mean()), "low": float(low), "high": float(high)}
        found.setdefault(one.team_id, []).append({"id": one.pk, **effect})
    return found
