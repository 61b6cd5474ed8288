"""Asking all leads: when a rule is switched on, when scoring's rules changed, and when time alone changes answers.

A pass goes by id in pages; the rule knows the last lead that was asked, so a killed worker costs a page. Nothing is
locked but the few leads whose answer differs. A rule is due

- when it is switched on or its condition changes: who is inside is recorded, then all are asked once more, for what
  happened meanwhile;
- after a version of a model became live: what crosses then has `rules` as its cause, and waits for review;
- at the beginning of each day, where an answer may change by time ("silent for 14 days": answers change at midnight);
- every hour, where it asks for the scores of colleagues.
"""

from datetime import datetime, timedelta
from time import monotonic

from django.db import DatabaseError, transaction
from django.db.models import F, Max
from django.utils import timezone

from leads.conditions import ConditionError, parse
from leads.conditions.grammar import EventTest, FieldTest, tests
from leads.conditions.operators import OPERATORS
from leads.conditions.vocabulary import Vocabulary
from leads.days import DAY, day_of, midnight
from leads.enums import Cause, RulePhase
from leads.models import Lead, Rule, Segment, Standing
from leads.retry import passes, retried
from leads.rules import crossings

PAGE = 5000
HOURLY = timedelta(hours=1)


def run_due(seconds: float) -> bool:
    """Go on with the passes that are due, for about so long. Returns whether some are left."""
    until = monotonic() + seconds
    for rule in Rule.objects.due(timezone.now()).select_related("segment", "stays").order_by("due_at", "pk"):
        while step(rule):
            if monotonic() > until:
                return True
            rule.refresh_from_db(fields=["position"])
    return Rule.objects.due(timezone.now()).exists()  # one that has recorded who is inside asks all once more


def rules_changed() -> None:
    """Scores changed because a version did: ask all leads anew. Call it in the transaction that changes them.

    What crosses until then has `rules` as its cause.
    """
    Rule.objects.filter(active=True).update(due_at=timezone.now(), position=0, pass_cause=Cause.RULES, rev=F("rev") + 1)


def watch(rule: Rule, *, also_inside: bool) -> None:
    """Begin to watch by the rule's present condition.

    Who is inside now is recorded as inside; with `also_inside` they enter, and wait for review. Needs a transaction.
    """
    Rule.objects.filter(pk=rule.pk).update(
        phase=RulePhase.WATCHING if also_inside else RulePhase.PRIMING, position=0, due_at=timezone.now(), problem="",
        pass_cause=Cause.RULES if also_inside else "", rev=F("rev") + 1,
    )  # fmt: skip


@retried
def step(rule: Rule) -> bool:
    """Ask the next page of leads for the rule. Returns whether there is more; False too where another went on."""
    page = Lead.objects.filter(pk__gt=rule.position).order_by("pk").values("pk")[:PAGE]
    last = Lead.objects.filter(pk__in=page).aggregate(last=Max("pk"))["last"]
    try:
        if last is None:
            return _finish(rule)
        return _prime(rule, last) if rule.phase == RulePhase.PRIMING else _ask(rule, last)
    except DatabaseError as error:
        if passes(error):
            raise
        crossings.give_up(rule, error)
        return False


@transaction.atomic
def _prime(rule: Rule, last: int) -> bool:
    if not _go_on(rule, position=last):
        return False
    crossings.prime(rule, rule.position + 1, last, timezone.now())
    return True


def _ask(rule: Rule, last: int) -> bool:
    differing = crossings.differing(rule, rule.position + 1, last, timezone.now())
    with transaction.atomic():
        # Standings before the rule, as whoever switches versions does.
        held = Standing.objects.filter(pk__in=differing).order_by("pk").select_for_update(no_key=True)
        if ids := list(held.values_list("pk", flat=True)):
            crossings.cross_one(rule, ids, timezone.now())
        return _go_on(rule, position=last)


def _finish(rule: Rule) -> bool:
    if rule.phase == RulePhase.PRIMING:
        return _go_on(rule, phase=RulePhase.WATCHING, position=0) and False
    return _go_on(rule, position=0, pass_cause="", due_at=next_pass(rule, timezone.now())) and False


def _go_on(rule: Rule, **changes: object) -> bool:
    """Write how far the pass is, unless something began it anew meanwhile."""
    same = Rule.objects.filter(pk=rule.pk, rev=rule.rev, position=rule.position, phase=rule.phase, active=True)
    return bool(same.update(**changes))


def next_pass(rule: Rule, now: datetime) -> datetime | None:
    """When time alone may change an answer next: in an hour, at midnight, or never."""
    vocabulary = Vocabulary.load()
    asked = [test for segment in (rule.segment, rule.stays) if segment for test in _tests(segment)]
    if any(isinstance(test, FieldTest) and _term(test, vocabulary, "of_colleagues") for test in asked):
        return now + HOURLY
    if not any(_turns(test, vocabulary) for test in asked):
        return None
    return midnight(day_of(now) + DAY)


def _turns(test: FieldTest | EventTest, vocabulary: Vocabulary) -> bool:
    """Whether its answer may change by time alone."""
    if isinstance(test, EventTest):
        return test.days is not None or test.question in ("first_within", "last_before")
    return _term(test, vocabulary, "ages") or OPERATORS[test.op].turns is not None


def _term(test: FieldTest, vocabulary: Vocabulary, what: str) -> bool:
    return bool(getattr(vocabulary.terms.get(test.field), what, False))


def _tests(segment: Segment) -> list[FieldTest | EventTest]:
    try:
        return list(tests(parse(segment.condition)))
    except ConditionError:
        return []
