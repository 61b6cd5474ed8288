"""Pairs that look alike, as people decide them: side by side, merged, or not the same."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from leads.access import teams_with
from leads.enums import PairState, Stage
from leads.identity.merging import FIELDS, WAY
from leads.ingest.normalise.countries import country_name
from leads.models import DuplicatePair, Lead, Merge, User

RIGHT = "leads.change_duplicatepair"


@dataclass(frozen=True)
class Difference:
    """A field in which the two differ."""

    name: str
    field: str
    survivor: Any
    other: Any

    @property
    def both(self) -> bool:
        """Whether there is a choice; an empty field is filled."""
        return self.survivor not in (None, "") and self.other not in (None, "")


@dataclass(frozen=True)
class SideBySide:
    row: DuplicatePair
    survivor: Lead
    other: Lead

    @property
    def differences(self) -> list[Difference]:
        return differences(self.survivor, self.other)


@dataclass(frozen=True)
class Who:
    """For the page of a lead. `alike`: (lead, percent). `merges`: those into this lead, undone ones too."""

    alike: list[tuple[Lead, int]]
    merges: list[Merge]


def pairs_of(user: User) -> QuerySet[DuplicatePair]:
    """The pairs of the teams in which this person may merge."""
    return DuplicatePair.objects.visible_to(user).filter(team__in=teams_with(user, RIGHT))


def merges_of(user: User) -> QuerySet[Merge]:
    """What was merged in these teams."""
    return Merge.objects.visible_to(user).filter(team__in=teams_with(user, RIGHT))


def side_by_side(pair: DuplicatePair) -> SideBySide:
    return SideBySide(pair, *better_first(pair))


def who_is(lead: Lead, user: User) -> Who:
    """Whom this lead may be, and who became part of it. Two queries; nothing for those who may not merge here."""
    if not user.has_perm(RIGHT, lead):
        return Who([], [])
    pairs = pairs_of(user).filter(Q(low=lead) | Q(high=lead), state=PairState.OPEN).select_related("low", "high")
    alike = [
        (pair.high if pair.low_id == lead.pk else pair.low, pair.confidence)
        for pair in pairs.order_by("-confidence")[:3]
    ]
    merges = merges_of(user).filter(survivor=lead).select_related("merged", "by").order_by("-at")
    return Who(alike, list(merges[:5]))


def better_first(pair: DuplicatePair) -> tuple[Lead, Lead]:
    """(who survives, the other): the one sales has come further with, then the one more is known of, then the older."""
    low, high = pair.low, pair.high
    return (low, high) if _worth(low) >= _worth(high) else (high, low)


def _worth(lead: Lead) -> tuple[int, bool, int]:
    known = sum(getattr(lead, Lead._meta.get_field(name).attname) not in (None, "") for name in FIELDS)  # type: ignore[union-attr]
    return WAY.index(Stage(lead.stage)), lead.owner_id is not None, known + len(lead.fields)


def differences(survivor: Lead, other: Lead) -> list[Difference]:
    """Where the two differ, in the order of the page: an empty field of the survivor is filled."""
    found = []
    for name in FIELDS:
        mine, theirs = getattr(survivor, name), getattr(other, name)
        if mine != theirs:
            label = str(Lead._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            if name == "country":
                mine, theirs = country_name(mine), country_name(theirs)
            found.append(Difference(label[:1].upper() + label[1:], name, mine, theirs))
    return found


def dismiss(pair: DuplicatePair, *, by: User) -> DuplicatePair:
    """These are two people. Remembered for ever, unless `reopen` says otherwise."""
    return _decide(pair, PairState.OPEN, PairState.DIFFERENT, by)


def reopen(pair: DuplicatePair, *, by: User) -> DuplicatePair:
    """Perhaps they are one after all: to be decided again."""
    return _decide(pair, PairState.DIFFERENT, PairState.OPEN, by)


def _decide(pair: DuplicatePair, before: PairState, after: PairState, by: User) -> DuplicatePair:
    DuplicatePair.objects.filter(pk=pair.pk, state=before).update(state=after, decided_at=timezone.now(), decided_by=by)
    pair.refresh_from_db()
    return pair
