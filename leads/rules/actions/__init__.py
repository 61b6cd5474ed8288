"""What a rule may do with leads that cross: one entry for each kind of action.

`said(value)` is the action in words, `problem(value, rule)` why it cannot be done (empty: it can), and `run` does it
for some crossings of one rule, inside the transaction that marks them as done. Whatever leaves the product is a row of
the outbox or a notice, under a key made of the crossing and the action: however often it is tried, it happens once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from leads.access import teams_with
from leads.models import Crossing, Endpoint, Rule, User
from leads.rules.actions import telling
from leads.rules.actions.changing import (
    assign,
    assign_problem,
    list_problem,
    list_said,
    person_said,
    put_on_list,
    tag,
    tag_problem,
    untag,
)
from leads.rules.actions.sending import crm_problem, crm_push, problem_of, send
from leads.selling.handoffs import open_handoffs

# What somebody's own rule may do: nobody else hears of it, and no lead changes.
PERSONAL = ("tell",)


@dataclass(frozen=True)
class Action:
    kind: str
    label: str
    said: Callable[[Any], str]
    problem: Callable[[Any, Rule], str]
    run: Callable[[Rule, Sequence[Crossing], Any], None]


def run(rule: Rule, crossings: Sequence[Crossing]) -> None:
    """Do everything the rule does, for these crossings, which carry their leads."""
    for kind, value in sorted(rule.actions.items()):
        if kind in ACTIONS and not (rule.person_id and kind not in PERSONAL):
            ACTIONS[kind].run(rule, crossings, value)


def sentence(rule: Rule) -> str:
    """Everything the rule does, in words: "hand off to sales, add the tag vip"."""
    return ", ".join(ACTIONS[kind].said(value) for kind, value in sorted(rule.actions.items()) if kind in ACTIONS)


def problems(rule: Rule) -> dict[str, str]:
    """What is wrong with the rule's actions, by kind."""
    found = {}
    for kind, value in rule.actions.items():
        if kind not in ACTIONS:
            found[kind] = f"There is no such action. What there is: {', '.join(ACTIONS)}."
        elif rule.person_id and kind not in PERSONAL:
            found[kind] = "Your own rule may tell you, and nothing else."
        elif problem := ACTIONS[kind].problem(value, rule):
            found[kind] = problem
    return found


def _hand_off(rule: Rule, crossings: Sequence[Crossing], value: Any) -> None:
    open_handoffs([crossing.lead_id for crossing in crossings])


def _true(value: Any, rule: Rule) -> str:
    return "" if value is True else "Give true, or leave it out."


ACTIONS: dict[str, Action] = {
    action.kind: action
    for action in (
        Action("hand_off", "Hand off to sales", lambda value: "hand off to sales", _true, _hand_off),
        Action("tell", "Tell people", telling.said, telling.problem, telling.tell),
        Action("slack", "Post to Slack", lambda value: "post to Slack", problem_of(Endpoint.SLACK), send),
        Action("webhook", "Call a webhook", lambda value: "call a webhook", problem_of(Endpoint.WEBHOOK), send),
        Action("tag", "Add a tag", lambda value: f"add the tag {value}", tag_problem, tag),
        Action("untag", "Take a tag away", lambda value: f"take away the tag {value}", tag_problem, untag),
        Action("nurture", "Put on a nurture list", list_said, list_problem, put_on_list),
        Action("crm_push", "Push to the CRM", lambda value: "push to the CRM", crm_problem, crm_push),
        Action("assign", "Make somebody the owner", lambda value: f"make {person_said(value)} the owner",
               assign_problem, assign),
    )
}  # fmt: skip


def endpoints_of(user: User) -> Any:
    """Where the person may have rules send to."""
    return Endpoint.objects.open().filter(team__in=teams_with(user, "leads.change_rule"))
