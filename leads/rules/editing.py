"""Rules: made, changed, switched on and off, tried, and who may do so."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, F, Max, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from leads import segments
from leads.enums import CrossingState, Direction
from leads.models import Crossing, Inside, Lead, Rule, Segment, User
from leads.outgoing.notices import notify
from leads.rules import actions
from leads.rules.actions.telling import NOTICE
from leads.rules.actions.wording import words
from leads.rules.passes import watch

SAID = ("name", "team", "person", "segment", "stays", "direction", "quiet_days", "actions", "active")
# What decides who is inside: when it changes, a rule looks anew.
DECIDE = ("segment_id", "stays_id", "team_id", "person_id")
ACTED = (CrossingState.DONE, CrossingState.DUE)
RECENT = timedelta(days=30)


def save(rule: Rule, *, also_inside: bool = False, condition: Any = None) -> Rule:
    """Keep what was said. Switched on or changed in whom it watches, it records who is inside, and acts for nobody.

    With `also_inside` those inside now enter; they wait for review. With a `condition` a segment is made of it, named
    like the rule, and the rule watches that. Raises ValidationError by field.
    """
    with transaction.atomic():
        if condition is not None:
            rule.segment = _segment_for(rule, condition)
        _check(rule, also_inside)
        before = Rule.objects.select_for_update().filter(pk=rule.pk).first()
        rule.save(update_fields=SAID if before else None)
        begins = before is None or not before.active or _decides(before) != _decides(rule)
        if rule.active and (begins or also_inside):
            watch(rule, also_inside=also_inside)
        elif before and before.active and not rule.active:
            Rule.objects.filter(pk=rule.pk).update(due_at=None, rev=F("rev") + 1)
    return rule


def _segment_for(rule: Rule, condition: Any) -> Segment:
    segment = Segment(name=rule.name, team=rule.team, condition=condition, created_by=rule.created_by)
    try:
        segment.full_clean(exclude=["created_by"])
    except ValidationError as error:
        raise ValidationError({"condition": error.messages}) from None
    return segments.save(segment)


def _decides(rule: Rule) -> list[Any]:
    return [getattr(rule, name) for name in DECIDE]


def _check(rule: Rule, also_inside: bool) -> None:
    wrong: dict[str, Any] = {}
    if rule.person_id and also_inside:
        wrong["also_inside"] = "Your own rule tells you of what happens from now on."
    for name, segment in (("segment", rule.segment), ("stays", rule.stays)):
        if segment and segment.team_id and segment.team_id != rule.team_id and rule.person_id is None:
            wrong[name] = f"“{segment}” is a segment of {segment.team}: choose that team for the rule too."
    if not rule.actions:
        wrong["actions"] = "Say what shall happen."
    elif problems := actions.problems(rule):
        wrong["actions"] = [f"{kind}: {problem}" for kind, problem in problems.items()]
    if wrong:
        raise ValidationError(wrong)


def may_change(user: User, rule: Rule) -> bool:
    """One's own rules; those of a team for its marketing and admins; those of the company for any of these."""
    return rule.person_id == user.pk if rule.person_id else user.has_perm("leads.change_rule", rule)


@dataclass(frozen=True)
class RuleRow:
    """A line of the list. `acted`: for how many leads in the last 30 days."""

    rule: Rule
    does: str
    acted: int
    last_at: datetime | None
    inside: int


def rule_rows(rules: Iterable[Rule]) -> list[RuleRow]:
    """The lines of these rules. Two queries, and one for each that names an owner."""
    rules = list(rules)
    fired = Crossing.objects.filter(rule__in=rules, state__in=ACTED).order_by().values_list("rule")
    recent = Count("pk", filter=Q(at__gt=timezone.now() - RECENT))
    known = {rule: (acted, last) for rule, acted, last in fired.annotate(acted=recent, last=Max("at"))}
    counted = Inside.objects.filter(rule__in=rules, inside=True).order_by().values_list("rule")
    inside = dict(counted.annotate(n=Count("pk")))
    return [
        RuleRow(rule, actions.sentence(rule), *known.get(rule.pk, (0, None)), inside.get(rule.pk, 0)) for rule in rules
    ]


def sample(rule: Rule, *, to: User) -> str:
    """Send the person what the rule would tell of a lead, in the app, and by mail where the rule mails. Returns it."""
    lead = _example(rule, to)
    if lead is None:
        raise ValidationError("There is no lead yet that a sample could be about.")
    crossing = Crossing(rule=rule, lead=lead, entered=rule.direction == Direction.ENTERING, at=timezone.now())
    text, mail = f"Sample: {words(rule, crossing)}", bool(rule.actions.get("tell", {}).get("mail"))
    key = f"sample.{rule.pk}.{uuid.uuid4().hex}"
    notify([to], kind=NOTICE, text=text, url=reverse("lead", args=[lead.pk]), key=key, mail=mail)
    return text


def _example(rule: Rule, user: User) -> Lead | None:
    """A lead that is inside, else any."""
    leads: QuerySet[Lead] = Lead.objects.visible_to(user).select_related("company", "standing").order_by("-pk")
    inside = Inside.objects.filter(rule=rule, inside=True).values("lead")
    return leads.filter(pk__in=inside).first() or leads.first()
