"""Which side of an experiment a lead is on: a function of its salt and the lead's id, in SQL and in Python.

    number = (the first 32 bits of md5("<salt>:<lead id>")) · 10,000 / 2³², rounded down

A side decides the leads whose number lies in its range. The same lead is always on the same side, and in the next
experiment, with another salt, on either. Published and started are frozen, so what is compiled here is kept.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from django.db.models import Q

from leads.conditions.sql import Sql
from scoring.models import Arm

PARTS = 10_000


def number_of(salt: str, lead: int) -> int:
    """From 0 to 9,999."""
    first = hashlib.md5(f"{salt}:{lead}".encode(), usedforsecurity=False).hexdigest()[:8]
    return int(first, 16) * PARTS >> 32


def number_sql(salt: str, lead: str) -> str:
    """The same in SQL; `lead` is the column."""
    if not salt.isalnum():
        raise ValueError("A salt is letters and digits.")
    return f"((('x' || substr(md5('{salt}:' || {lead}), 1, 8))::bit(32)::bigint * {PARTS}) >> 32)"


@dataclass(frozen=True)
class Side:
    """A challenger: the leads with an id above `after` whose number is in the range, of those `champion` is for."""

    version: int
    champion: int
    after: int
    salt: str
    low: int
    high: int
    shadow: bool

    @property
    def about(self) -> str:
        """SQL: the experiment is about the lead."""
        return f"l.id > {self.after}"

    @property
    def mine(self) -> str:
        """SQL: this version decides the lead."""
        return f"(l.id > {self.after} AND {number_sql(self.salt, 'l.id')} BETWEEN {self.low} AND {self.high - 1})"


@dataclass(frozen=True)
class Sides:
    """The challengers among versions that score together."""

    sides: tuple[Side, ...]

    def on_trial(self, version: int) -> bool:
        return any(side.version == version for side in self.sides)

    def only_shadows(self, version: int) -> bool:
        return any(side.version == version and side.shadow for side in self.sides)

    def decided_by(self, version: int) -> Q:
        """Of the leads an experiment's champion is for, those that this version decides."""
        for side in self.sides:
            if side.version == version:
                return _q(side.mine)
        against = [f"NOT {side.mine}" for side in self.sides if side.champion == version and not side.shadow]
        return _q(" AND ".join(against))

    def scored_beside(self, version: int) -> Q | None:
        """Of the same leads, those it scores beside the version that decides them. None: it is in no experiment."""
        for side in self.sides:
            if side.version == version:
                return _q(side.about if side.shadow else f"{side.about} AND NOT {side.mine}")
        others = [side.mine for side in self.sides if side.champion == version and not side.shadow]
        return _q(f"({' OR '.join(others)})") if others else None


def _q(sql: str) -> Q:
    return Q(Sql(sql)) if sql else Q()


@lru_cache(maxsize=64)
def sides_of(version_ids: tuple[int, ...]) -> Sides:
    """A version on trial is a challenger only beside the champion it was frozen for; alone it is like any other."""
    arms = Arm.objects.filter(version__in=version_ids, experiment__champion__in=version_ids, position__gt=0)
    sides = (
        Side(
            version=arm.version_id, champion=arm.experiment.champion_id, after=arm.experiment.after,
            salt=arm.experiment.salt, low=arm.low, high=arm.high, shadow=arm.experiment.shadow,
        )
        for arm in arms.select_related("experiment").order_by("pk")
    )  # fmt: skip
    return Sides(tuple(sides))
