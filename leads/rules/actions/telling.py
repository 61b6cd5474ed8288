"""Telling people, in the product and by mail."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from leads.models import Crossing, Lead, Membership, Rule, User
from leads.outgoing.notices import notify
from leads.rules.actions.wording import words

NOTICE = "rule"
OWNER = "owner"


def recipients(rule: Rule, value: dict[str, Any], leads: Sequence[Lead]) -> dict[int, list[User]]:
    """lead id → who is told of it: the people named, as far as they are in the team of the lead, and its owner."""
    named = [rule.person_id] if rule.person_id else value.get("people", [])
    wanted = {*named, *(lead.owner_id for lead in leads if value.get(OWNER) and not rule.person_id)} - {None}
    users = User.objects.filter(is_active=True).in_bulk(wanted)
    in_team = set(Membership.objects.filter(user__in=wanted).values_list("user", "team"))
    told: dict[int, list[User]] = {}
    for lead in leads:
        people = {*named, *([lead.owner_id] if value.get(OWNER) and not rule.person_id else [])}
        told[lead.pk] = [
            users[pk] for pk in sorted(people & users.keys()) if users[pk].is_superuser or (pk, lead.team_id) in in_team
        ]
    return told


def tell(rule: Rule, crossings: Sequence[Crossing], value: Any) -> None:
    told = recipients(rule, value, [crossing.lead for crossing in crossings])
    for crossing in crossings:
        key, url = f"crossing.{crossing.pk}.tell", reverse("lead", args=[crossing.lead_id])
        text, mail = words(rule, crossing), bool(value.get("mail"))
        notify(told[crossing.lead_id], kind=NOTICE, text=text, url=url, key=key, mail=mail)


def said(value: Any) -> str:
    people = len(value.get("people", []))
    who = [
        *(["the owner"] if value.get(OWNER) else []),
        *([f"{people} people" if people > 1 else "1 person"] * bool(people)),
    ]
    return f"tell {' and '.join(who) or 'me'}{' in the app and by e-mail' if value.get('mail') else ' in the app'}"


def problem(value: Any, rule: Rule) -> str:
    shape = isinstance(value, dict) and set(value) <= {OWNER, "people", "mail"}
    if not shape or not all(isinstance(value.get(name, False), bool) for name in (OWNER, "mail")):
        return 'Give {"owner": true, "people": [7], "mail": false}.'
    people = value.get("people", [])
    if not isinstance(people, list) or not all(isinstance(pk, int) and not isinstance(pk, bool) for pk in people):
        return "people is a list of ids: GET users."
    if not (value.get(OWNER) or people or rule.person_id):
        return "Say who is told."
    return ""
