"""The people of a team: their role in it, and whether they may sign in at all.

    change_role | leave_team → take_back | deactivate → reactivate

A team keeps an admin who may sign in, and the company somebody who may do everything. Locks: the memberships of the
teams in id order (the pool, leads/selling/assignment.py), then leads and handoffs.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone

from leads.enums import Role
from leads.history import attributed
from leads.models import ApiToken, Departure, Handoff, Lead, Membership, Rule, SignIn, Team, User
from leads.outgoing.notices import notify
from leads.people import sessions
from leads.retry import retried
from leads.selling import passing
from leads.selling.assignment import Pool

# What somebody had in a team, and gets back.
KEPT = ("role", "weight", "weekly_capacity", "week")
WORK_LEADS = (Role.REP, Role.MANAGER, Role.ADMIN)


@dataclass(frozen=True)
class Left:
    """What somebody left behind: handoffs that went to others or wait in the queue, and leads that stay theirs."""

    passed_on: int
    waiting: int
    owned: int

    def __str__(self) -> str:
        parts = []
        if self.passed_on:
            parts.append(f"{self.passed_on} open handoff{'s' * (self.passed_on > 1)} passed on.")
        if self.waiting:
            parts.append(f"{self.waiting} open handoff{'s' * (self.waiting > 1)} back in the queue.")
        if self.owned:
            parts.append(f"{self.owned} lead{'s' * (self.owned > 1)} still theirs.")
        return " ".join(parts)


def administers(admin: Any, person: User) -> bool:
    """Whether the admin answers for this person: for every team they are in."""
    if admin.is_superuser:
        return True
    return not person.is_superuser and set(person.team_ids) <= set(admin.teams_as(Role.ADMIN))


@retried
def deactivate(person: User, *, by: User, leads_to: User | None = None) -> Left:
    """They may not sign in any more, from now on: sessions and tokens end, and nothing is sent to them.

    What waits for their answer goes to the next in turn, or back into the queue. Leads they own go to `leads_to`, where
    that person works leads, and else stay theirs. Raises ValidationError for the last admin of a team or the company.
    """
    with transaction.atomic():
        teams = sorted(person.team_ids)
        Membership.objects.filter(team__in=teams).hold()
        _keeps_an_admin(person, teams)
        _keeps_somebody(person)
        if not User.objects.filter(pk=person.pk, is_active=True).update(is_active=False):
            raise ValidationError(f"{person} may not sign in already.")
        sessions.end(SignIn.objects.filter(user=person))
        ApiToken.objects.filter(user=person).delete()
        _switch_off_rules(person)
        _pass_on_leads(person, teams, leads_to, by)
        return _give_back(person, teams, f"{person} may not sign in any more", by)


@retried
def reactivate(person: User) -> None:
    """The way back: they sign in with their password again. Tokens and own rules they make or switch on anew."""
    if not User.objects.filter(pk=person.pk, is_active=False).update(is_active=True):
        raise ValidationError(f"{person} may sign in already.")


@retried
def change_role(membership: Membership, role: str, *, by: User) -> Left:
    """Another role in the team. Who no longer works leads there gives back what waits for them."""
    with transaction.atomic():
        Membership.objects.filter(team=membership.team_id).hold()
        person = membership.user
        if role != Role.ADMIN:
            _keeps_an_admin(person, [membership.team_id])
        Membership.objects.filter(pk=membership.pk).update(role=Role(role))
        if role in WORK_LEADS:
            return Left(0, 0, 0)
        return _give_back(person, [membership.team_id], f"{person} is in marketing now", by)


@retried
def leave_team(membership: Membership, *, by: User, leads_to: User | None = None) -> Left:
    """They are no longer in this team; their other teams and their account stay. `take_back` is the way back.

    Leads they own there go to `leads_to`, or stay theirs.
    """
    with transaction.atomic():
        Membership.objects.filter(team=membership.team_id).hold()
        person = membership.user
        _keeps_an_admin(person, [membership.team_id])
        row = Membership.objects.filter(pk=membership.pk)
        for kept in row.values("user_id", "team_id", *KEPT):
            Departure.objects.create(**kept, by=by)
        row.delete()
        _pass_on_leads(person, [membership.team_id], leads_to, by)
        return _give_back(person, [membership.team_id], f"{person} left the team", by)


@retried
def take_back(departure: Departure, *, by: User) -> Membership:
    """They are in the team again, with the role, share and hours they had. What was given to others stays with them.

    Raises ValidationError where they were taken back already, or came in another way.
    """
    person, team = departure.user, departure.team
    with transaction.atomic():
        away = Departure.objects.away().filter(pk=departure.pk)
        if not away.update(returned_at=timezone.now(), returned_by=by):
            raise ValidationError(f"{person} was taken back already.")
        had = {name: getattr(departure, name) for name in KEPT}
        membership, made = Membership.objects.get_or_create(user=person, team=team, defaults=had)
        if not made:
            raise ValidationError(f"{person} is in {team} already.")
    return membership


@dataclass(frozen=True)
class AtStake:
    """What leaving or deactivation would touch."""

    waiting: int
    owned: int


def at_stake(person: User, team_ids: Collection[int]) -> AtStake:
    """What the person has in hand in these teams now."""
    waiting = Handoff.objects.open().filter(assignee=person, team__in=team_ids).count()
    return AtStake(waiting, Lead.objects.filter(owner=person, team__in=team_ids).count())


def _keeps_an_admin(person: User, team_ids: Collection[int]) -> None:
    admins = Membership.objects.filter(role=Role.ADMIN, user__is_active=True)
    theirs = set(admins.filter(user=person, team__in=team_ids).values_list("team_id", flat=True))
    left = set(admins.filter(team__in=theirs).exclude(user=person).values_list("team_id", flat=True))
    if alone := Team.objects.filter(pk__in=theirs - left).first():
        raise ValidationError(f"{person} is the last admin of {alone}. Make somebody else admin first.")


def _keeps_somebody(person: User) -> None:
    if not person.is_superuser:
        return
    held = User.objects.filter(is_superuser=True).order_by("pk").select_for_update(no_key=True)
    if not any(one.is_active and one.pk != person.pk for one in held):
        raise ValidationError(f"{person} is the last admin of the company.")


def _switch_off_rules(person: User) -> None:
    why = "Switched off, for its person may not sign in any more."
    Rule.objects.filter(person=person, active=True).update(active=False, due_at=None, rev=F("rev") + 1, problem=why)


def heirs(person: User, team_ids: Collection[int]) -> QuerySet[User]:
    """Who may take over leads of these teams."""
    works = Membership.objects.filter(team__in=team_ids, role__in=(Role.REP, Role.MANAGER)).exclude(user=person)
    return User.objects.filter(is_active=True, pk__in=works.values("user"))


def _pass_on_leads(person: User, team_ids: Collection[int], to: User | None, by: User) -> None:
    if to is None:
        return
    works = Membership.objects.filter(user=to, team__in=team_ids, role__in=(Role.REP, Role.MANAGER)).values("team")
    leads = Lead.objects.filter(owner=person, team__in=works)
    held = list(leads.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    with attributed(by=by, origin=f"{person} left"[:100]):
        Lead.objects.filter(pk__in=held).update(owner=to)


def _give_back(person: User, team_ids: Collection[int], why: str, by: User) -> Left:
    pool = Pool.locked(team_ids)
    to: dict[int, int] = {}
    waiting = 0
    mine = Handoff.objects.open().filter(assignee=person, team__in=team_ids).order_by("lead_id", "pk")
    for handoff in mine.select_related("team"):
        user_id = _pass_on(handoff, pool, why, by)
        if user_id:
            to[user_id] = to.get(user_id, 0) + 1
        else:
            waiting += 1
    _tell(to, person)
    owned = Lead.objects.filter(owner=person, team__in=team_ids).count()
    return Left(sum(to.values()), waiting, owned)


def _pass_on(handoff: Handoff, pool: Pool, why: str, by: User) -> int | None:
    choice = pool.next_in_turn(handoff.team_id, but=handoff.assignee_id)
    passing.give(handoff, choice.user_id, f"{why}: {choice.because}", by=by)
    if choice.user_id is None:  # the next with room gets it (selling/waiting.py); until then whoever accepts first
        Handoff.objects.filter(pk=handoff.pk).update(waits_for_rep=True)
    return choice.user_id


def _tell(to: dict[int, int], person: User) -> None:
    for user in User.objects.filter(pk__in=to):
        text = f"{to[user.pk]} handoff{'s' * (to[user.pk] > 1)} of {person} wait for your answer now."
        key = f"left:{person.pk}:{timezone.now().isoformat()}"
        notify([user], kind="handoff", text=text, url=reverse("handoffs"), key=key)
