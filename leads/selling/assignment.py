"""Who gets a lead: its owner, else the colleague who knows the company, else the next in turn who has room."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Self

from django.db.models import Count, Max, Q
from django.utils import timezone

from leads.enums import Role
from leads.models import Absence, Handoff, Lead, Membership, Team, User
from leads.selling import worktime
from leads.selling.worktime import WorkTime

OWNER = "owner of the lead"
COMPANY = "owner of the company"
NOBODY = "no rep in the team"
FULL = "everybody is at capacity: waits in the team queue"
AWAY = "everybody is away: waits in the team queue"
UNEQUAL_ROUNDING = 1e-6  # credits are sums of fractions


@dataclass(frozen=True)
class Choice:
    """A rep, or None where the lead waits in the queue of its team, and why, in words."""

    user_id: int | None
    because: str


@dataclass
class Rep:
    """A member of the pool. `room`: leads they may still be given this week; None is no limit."""

    member: Membership
    away_until: date | None = None
    room: int | None = None
    at_work: bool = True

    @property
    def free(self) -> bool:
        return self.away_until is None and self.room != 0 and self.member.weight > 0

    @property
    def hindered(self) -> str:
        """Why this rep is passed over; empty for one who is free."""
        if self.away_until:
            return f"is away until {self.away_until:%-d %b}"
        return "" if self.room != 0 else "is at capacity"


class Pool:
    """The active reps of some teams, locked until the transaction ends, so that turns are counted one after another.

    Only turns of the round robin count: what an owner gets is theirs in any case, but fills their week. Nobody makes up
    for turns that went by while they were away, full or not yet in the team.
    """

    def __init__(self, members: Iterable[Membership]) -> None:
        self._reps: dict[int, list[Rep]] = {}
        for member in members:
            self._reps.setdefault(member.team_id, []).append(Rep(member))
        self._knows: dict[int, list[int]] = {}

    @classmethod
    def locked(cls, team_ids: Collection[int]) -> Self:
        """The pool of these teams. Needs a transaction. Whoever says that a person is away takes the same locks."""
        pool = cls(_for_update(team_ids))
        if pool._reps:
            pool._look_around(timezone.now())
        return pool

    def _look_around(self, now: datetime) -> None:
        """Who may be given leads now. Asked after the locks, in statements that see what those waited for."""
        teams = {
            team.pk: worktime.of(team) for team in Team.objects.select_related("calendar").filter(pk__in=self._reps)
        }
        active = set(User.objects.filter(is_active=True, memberships__team__in=self._reps).values_list("pk", flat=True))
        away = _away({team: timezone.localdate(now, work.zone) for team, work in teams.items()})
        given = self._given({team: _monday(now, work) for team, work in teams.items()})
        for team, reps in self._reps.items():
            self._reps[team] = [rep for rep in reps if rep.member.user_id in active]
            for rep in self._reps[team]:
                user, limit = rep.member.user_id, rep.member.weekly_capacity
                rep.away_until = away.get((team, user))
                rep.room = None if limit is None else max(0, limit - given.get((team, user), 0))
                rep.at_work = _hours_of(rep.member, teams[team]).at_work(now)

    def _given(self, mondays: dict[int, datetime]) -> dict[tuple[int, int], int]:
        """How many leads each rep with a limit was given this week. No query where there is no limit."""
        limited = [rep for reps in self._reps.values() for rep in reps if rep.member.weekly_capacity is not None]
        if not limited:
            return {}
        this_week = Q(*(Q(team=team, assigned_at__gte=monday) for team, monday in mondays.items()), _connector=Q.OR)
        rows = Handoff.objects.filter(this_week, assignee__in={rep.member.user_id for rep in limited}).order_by()
        counted = rows.values_list("team", "assignee").annotate(n=Count("pk"))
        return {(team, user): number for team, user, number in counted if user}

    def choose(self, leads: Collection[Lead]) -> list[Choice]:
        """A choice for each lead, in order. Two queries, whatever their number."""
        self._learn_companies(leads)
        choices = [self._choose(lead) for lead in leads]
        members = [rep.member for reps in self._reps.values() for rep in reps]
        Membership.objects.bulk_update(members, ["assigned", "credit"])
        return choices

    def next_in_turn(self, team_id: int, *, but: int | None) -> Choice:
        """Somebody else than `but`; None where nobody has room."""
        choice = self._in_turn([rep for rep in self._reps.get(team_id, []) if rep.member.user_id != but])
        Membership.objects.bulk_update([rep.member for rep in self._reps.get(team_id, [])], ["assigned", "credit"])
        return choice

    def _learn_companies(self, leads: Collection[Lead]) -> None:
        companies = {lead.company_id for lead in leads if lead.company_id}
        owned = Lead.objects.filter(company__in=companies, owner__isnull=False).order_by("pk")
        for company, owner in owned.values_list("company_id", "owner_id"):
            self._knows.setdefault(company, []).append(owner)

    def _choose(self, lead: Lead) -> Choice:
        reps = {rep.member.user_id: rep for rep in self._reps.get(lead.team_id, [])}
        passed_over = ""
        if owner := reps.get(lead.owner_id or 0):
            if owner.away_until is None:
                return _give(owner, OWNER)
            passed_over = f"owner {owner.hindered}: "
        for user in self._knows.get(lead.company_id or 0, []):
            if (owner := reps.get(user)) and user != lead.owner_id:
                if not owner.hindered:
                    return _give(owner, f"{passed_over}{COMPANY}")
                passed_over = passed_over or f"{COMPANY} {owner.hindered}: "
        choice = self._in_turn(list(reps.values()))
        return Choice(choice.user_id, passed_over + choice.because)

    def _in_turn(self, reps: list[Rep]) -> Choice:
        free = [rep for rep in reps if rep.free]
        free = [rep for rep in free if rep.at_work] or free
        if not free:
            present = [rep for rep in reps if rep.away_until is None]
            return Choice(None, NOBODY if not reps else FULL if present else AWAY)
        place = _whose_turn([rep.member for rep in free])
        free[place].member.assigned += 1
        return _give(free[place], in_turn(place + 1, len(free)))


def _give(rep: Rep, because: str) -> Choice:
    if rep.room:
        rep.room -= 1
    return Choice(rep.member.user_id, because)


def _whose_turn(members: list[Membership]) -> int:
    """The place of the next one, and everybody's credit afterwards.

    Every lead adds to each member's credit their share of it, and takes a whole one from who gets it. Whoever has
    something due may be next; of those, who would first have more than a whole lead due. That earliest deadline keeps
    everybody within one lead of their share at all times (docs/decisions).
    """
    weights = sum(member.weight for member in members)
    shares = [member.weight / weights for member in members]
    due = [place for place, member in enumerate(members) if member.credit + shares[place] > UNEQUAL_ROUNDING]

    def deadline(place: int) -> tuple[int, int]:
        return ceil((1 - members[place].credit) / shares[place] - UNEQUAL_ROUNDING), place

    chosen = min(due or range(len(members)), key=deadline)
    for place, member in enumerate(members):
        member.credit += shares[place] - (place == chosen)
    return chosen


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


def _away(today: dict[int, date]) -> dict[tuple[int, int], date]:
    """(team, user) → the last day of the absence that covers today."""
    now = Q(*(Q(user__memberships__team=team, first__lte=day, last__gte=day) for team, day in today.items()),
            _connector=Q.OR)  # fmt: skip
    rows = Absence.objects.filter(now).order_by().values_list("user__memberships__team", "user")
    return {(team, user): last for team, user, last in rows.annotate(until=Max("last")) if team in today}


def _monday(now: datetime, work: WorkTime) -> datetime:
    local = timezone.localtime(now, work.zone)
    return (local - timedelta(days=local.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)


def _hours_of(member: Membership, team: WorkTime) -> WorkTime:
    return WorkTime(worktime.read_hours(member.week), team.holidays, team.zone) if member.week else team


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
