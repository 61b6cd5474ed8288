"""Changing leads: tags and owner. Put down to the rule in the history of the lead."""

from collections.abc import Sequence
from typing import Any

from django.db.models import F, Func, TextField, Value

from leads.enums import Role
from leads.history import attributed
from leads.models import Crossing, Lead, Membership, NurtureList, Rule, User
from leads.selling.nurture import nurture

LONGEST_TAG = 40


def tag(rule: Rule, crossings: Sequence[Crossing], value: Any) -> None:
    leads = _held(rule, crossings).exclude(tags__contains=[value])
    with attributed(origin=_origin(rule)):
        leads.update(tags=Func(F("tags"), Value(value, TextField()), function="array_append"))


def untag(rule: Rule, crossings: Sequence[Crossing], value: Any) -> None:
    leads = _held(rule, crossings).filter(tags__contains=[value])
    with attributed(origin=_origin(rule)):
        leads.update(tags=Func(F("tags"), Value(value, TextField()), function="array_remove"))


def tag_problem(value: Any, rule: Rule) -> str:
    good = isinstance(value, str) and value == value.strip().lower() and 0 < len(value) <= LONGEST_TAG
    return "" if good and value.isprintable() else f"Give a word in small letters, at most {LONGEST_TAG} characters."


def put_on_list(rule: Rule, crossings: Sequence[Crossing], value: Any) -> None:
    """On a nurture list, where there still is one. Leads of other teams are left out by the list itself."""
    if found := NurtureList.objects.filter(pk=value).first():
        nurture(found, [crossing.lead_id for crossing in crossings], reason=_origin(rule))


def list_problem(value: Any, rule: Rule) -> str:
    whole = isinstance(value, int) and not isinstance(value, bool)
    found = NurtureList.objects.filter(pk=value).first() if whole else None
    if found is None or rule.team_id and found.team_id != rule.team_id:
        return "There is no such nurture list in the rule's team."
    return ""


def assign(rule: Rule, crossings: Sequence[Crossing], value: Any) -> None:
    """Only where the person works in the team of the lead."""
    teams = Membership.objects.filter(user=value, user__is_active=True).values("team")
    with attributed(origin=_origin(rule)):
        _held(rule, crossings).filter(team__in=teams).exclude(owner=value).update(owner=value)


def assign_problem(value: Any, rule: Rule) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        return "Give the id of a person."
    members = Membership.objects.filter(user=value, user__is_active=True, role__in=(Role.REP, Role.MANAGER))
    members = members.filter(team=rule.team_id) if rule.team_id else members
    return "" if members.exists() else "This person works no leads in the rule's team."


def _held(rule: Rule, crossings: Sequence[Crossing]) -> Any:
    """The leads, locked in order of id."""
    leads = Lead.objects.filter(pk__in=[crossing.lead_id for crossing in crossings])
    list(leads.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    return leads


def _origin(rule: Rule) -> str:
    return f"rule “{rule}”"[:100]


def person_said(value: Any) -> str:
    return str(User.objects.filter(pk=value).first() or "nobody")


def list_said(value: Any) -> str:
    return f"put on the list {NurtureList.objects.filter(pk=value).first() or 'that is gone'}"
