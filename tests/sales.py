"""A small sales world: teams, people, leads that were scored, handoffs."""

from itertools import count
from typing import Any

from leads.enums import Label, Role
from leads.models import Handoff, Lead, LedgerLine, Membership, RejectionReason, Standing, Team, User
from leads.selling.handoffs import open_handoffs

_numbers = count(1)
VERSION = 9001
LINES = [("Asked for pricing", "engagement"), ("VP or C-level", "fit"), ("Transport and logistics", "fit")]


def make_team(name: str = "EMEA") -> Team:
    return Team.objects.get_or_create(name=name, slug=name.lower())[0]


def make_user(name: str, team: Team, role: str = Role.REP, **extra: Any) -> User:
    user = User.objects.create_user(f"{name.lower()}{next(_numbers)}@example.com", name=name, **extra)
    Membership.objects.create(user=user, team=team, role=role)
    return user


def make_lead(team: Team, **extra: Any) -> Lead:
    number = next(_numbers)
    return Lead.objects.create(**{"team": team, "first_name": "Ana", "last_name": f"Ruiz {number}"} | extra)


def score(lead: Lead, *, label: str = Label.HOT, grade: str = "A2", points: tuple[int, ...] = (18, 15, -3)) -> Lead:
    """Give a lead a standing, as scoring would."""
    if not LedgerLine.objects.filter(version=VERSION).exists():
        LedgerLine.objects.bulk_create(
            LedgerLine(version=VERSION, position=i, kind=LedgerLine.CRITERION, name=name, axis=axis)
            for i, (name, axis) in enumerate(LINES)
        )
    Standing.objects.filter(lead=lead).update(
        fit=points[1] + points[2], engagement=points[0], total=sum(points), grade=grade, label=label,
        version=VERSION, points=list(points),
    )  # fmt: skip
    return lead


def hand_off(team: Team, **extra: Any) -> Handoff:
    """A scored lead of the team, handed off."""
    return open_handoffs([score(make_lead(team, **extra)).pk])[0]


def reason(slug: str = "no_budget") -> RejectionReason:
    return RejectionReason.objects.get(slug=slug)
