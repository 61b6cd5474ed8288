"""Sending to programs and channels, through the outbox. Only what concerns the endpoint's team is sent to it."""

from collections.abc import Callable, Sequence
from typing import Any

from django.urls import reverse

from leads.crm.control import push_leads
from leads.models import Connection, Crossing, Endpoint, Rule
from leads.outgoing.endpoints import tell
from leads.rules.actions.wording import facts, words


def send(rule: Rule, crossings: Sequence[Crossing], value: Any) -> None:
    """To a program or a channel."""
    endpoint = Endpoint.objects.open().filter(pk=value).first()
    for crossing in crossings:
        if endpoint and crossing.lead.team_id == endpoint.team_id:
            tell(
                endpoint, type="lead.entered" if crossing.entered else "lead.left", data=facts(rule, crossing),
                text=words(rule, crossing), url=reverse("lead", args=[crossing.lead_id]),
                key=f"crossing.{crossing.pk}", at=crossing.at,
            )  # fmt: skip


def crm_push(rule: Rule, crossings: Sequence[Crossing], value: Any) -> None:
    """Into every CRM of the lead's team, made there where it is not."""
    push_leads([crossing.lead_id for crossing in crossings], because=f"rule “{rule}”")


def crm_problem(value: Any, rule: Rule) -> str:
    if value is not True:
        return "Give true, or leave it out."
    found = Connection.objects.filter(team=rule.team_id) if rule.team_id else Connection.objects.all()
    return "" if found.exists() else "No CRM is connected with the rule's team."


def problem_of(kind: str) -> Callable[[Any, Rule], str]:
    def found(value: Any, rule: Rule) -> str:
        if not isinstance(value, int) or isinstance(value, bool):
            return "Give the id of an endpoint."
        endpoint = Endpoint.objects.filter(pk=value, kind=kind).first()
        if endpoint is None or rule.team_id and endpoint.team_id != rule.team_id:
            return "There is no such endpoint in the rule's team."
        return ""

    return found
