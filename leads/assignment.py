"""Who gets a lead: its owner, else the colleague who knows the company, else the next in turn."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Self

from leads.enums import Role
from leads.models import Lead, Membership

OWNER = "owner of the lead"
COMPANY = "owner of the company"
NOBODY = "no rep in the team"


@dataclass(frozen=True)
class Choice:
    """A rep, or None where the lead waits in the queue of its team, and why, in words."""

    user_id: int | None
    because: str


class Pool:
    """The active reps of some teams, locked until the transaction ends, so that turns are counted one after another.

    Only turns of the round robin count: what an owner gets is theirs in any case. Nobody makes up for turns that went
    by while they were not in the team, so a newcomer starts level with the others.
    """

    def __init__(self, members: Iterable[Membership]) -> None:
        self._reps: dict[int, list[Membership]] = {}
        for member in members:
            self._reps.setdefault(member.team_id, []).append(member)
        for reps in self._reps.values():
            level = max(rep.assigned for rep in reps) - 1
            for rep in reps:
                rep.assigned = max(rep.assigned, level)
        self._knows: dict[int, list[int]] = {}

    @classmethod
    def locked(cls, team_ids: Collection[int]) -> Self:
        """The pool of these teams. Needs a transaction."""
        return cls(_for_update(team_ids))

    def choose(self, leads: Collection[Lead]) -> list[Choice]:
        """A choice for each lead, in order. Three queries, whatever their number."""
        self._learn_companies(leads)
        choices = [self._choose(lead) for lead in leads]
        Membership.objects.bulk_update([rep for reps in self._reps.values() for rep in reps], ["assigned"])
        return choices

    def _learn_companies(self, leads: Collection[Lead]) -> None:
        companies = {lead.company_id for lead in leads if lead.company_id}
        owned = Lead.objects.filter(company__in=companies, owner__isnull=False).order_by("pk")
        for company, owner in owned.values_list("company_id", "owner_id"):
            self._knows.setdefault(company, []).append(owner)

    def _choose(self, lead: Lead) -> Choice:
        reps = self._reps.get(lead.team_id, [])
        if not reps:
            return Choice(None, NOBODY)
        in_team = {rep.user_id for rep in reps}
        if lead.owner_id in in_team:
            return Choice(lead.owner_id, OWNER)
        for owner in self._knows.get(lead.company_id or 0, []):
            if owner in in_team:
                return Choice(owner, COMPANY)
        turn = min(range(len(reps)), key=lambda place: (reps[place].assigned, place))
        reps[turn].assigned += 1
        return Choice(reps[turn].user_id, in_turn(turn + 1, len(reps)))


def in_turn(place: int, of: int) -> str:
    """Why it is this rep: round robin, 2nd of 3."""
    return f"round robin, {_ordinal(place)} of {of}"


def _for_update(team_ids: Collection[int]) -> Iterable[Membership]:
    # Always in id order, so that two pools cannot deadlock.
    return (
        Membership.objects.filter(team__in=team_ids, role=Role.REP, user__is_active=True)
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True)
    )


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
