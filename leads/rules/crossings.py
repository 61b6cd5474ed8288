"""Entering and leaving: the one place that notices it.

Whoever has written facts or standings of some leads, and holds their standings, asks `cross` in the same transaction:
one statement asks the conditions of all rules that watch, compares the answers with who was inside, and writes a row
for each entering and leaving. The lock makes it one at a time for each lead, the transaction makes it all or nothing:
a crossing happens once, whatever is retried or killed. What follows from it is done in leads/rules/acting.py.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import DatabaseError, connection, transaction
from django.db.models import BigIntegerField, BooleanField, ExpressionWrapper, F, IntegerField, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from leads.conditions import ConditionError
from leads.conditions.compile import ListScope, compile
from leads.conditions.grammar import parse
from leads.conditions.sql import Parameter, Sql, bind
from leads.conditions.vocabulary import Vocabulary
from leads.enums import RulePhase
from leads.models import Lead, Rule, Segment
from leads.models.event import day_number
from leads.retry import passes

logger = logging.getLogger(__name__)

# Which rules watch, by id and revision, and which kinds of event count as activity; empty while none watches. An SQL
# expression, so that whoever asks the database something anyway learns it on the way.
WATCHED = """(SELECT string_agg(r.id || '.' || r.rev, ',' ORDER BY r.id) || ':' ||
    (SELECT coalesce(string_agg(k.id::text, ',' ORDER BY k.id), '') FROM leads_eventkind k WHERE k.by_lead)
    FROM leads_rule r WHERE r.active AND r.phase = 'watching')"""

LEADS = Parameter("leads", "bigint[]", ArrayField(BigIntegerField()))
FIRST, LAST = (Parameter(name, "bigint", BigIntegerField()) for name in ("first", "last"))
TODAY = Parameter("today", "int", IntegerField())

# {asked}: rows of lead_id, rule_id, rev, enters, stays. Answers to what a rule no longer asks do not count: a pass that
# began with the change asks these leads anew.
_FLIPPED = """
WITH asked AS MATERIALIZED ({asked}), flipped AS (
    SELECT a.lead_id, a.rule_id, NOT COALESCE(w.inside, false) AS entered, COALESCE(w.number, 0) + 1 AS number,
           w.fired_at
      FROM asked a JOIN leads_rule r ON r.id = a.rule_id AND r.rev = a.rev AND r.active AND r.phase = 'watching'
      LEFT JOIN leads_inside w ON w.rule_id = a.rule_id AND w.lead_id = a.lead_id
     WHERE CASE WHEN COALESCE(w.inside, false) THEN NOT a.stays ELSE a.enters END
)"""

# Until a pass that rules have caused has come by a lead, so is what crosses: it waits for review.
_CROSS = (
    _FLIPPED
    + """, judged AS (
    SELECT f.*, s.label, c.cause, CASE
           WHEN f.entered <> (r.direction = 'entering') THEN 'noted'
           WHEN f.fired_at > %s::timestamptz - make_interval(days => r.quiet_days) THEN 'quiet'
           WHEN c.cause = 'rules' THEN 'review' ELSE 'due' END AS state
      FROM flipped f JOIN leads_rule r ON r.id = f.rule_id JOIN leads_standing s ON s.lead_id = f.lead_id
     CROSS JOIN LATERAL (SELECT CASE WHEN r.pass_cause = 'rules' AND f.lead_id > r.position THEN 'rules'
                                     ELSE 'activity' END AS cause) c
), kept AS (
    INSERT INTO leads_inside AS w (rule_id, lead_id, inside, number, since, fired_at)
    SELECT rule_id, lead_id, entered, number, %s::timestamptz,
           CASE WHEN state IN ('due', 'review') THEN %s::timestamptz ELSE fired_at END
      FROM judged ORDER BY rule_id, lead_id
    ON CONFLICT (rule_id, lead_id) DO UPDATE
       SET inside = EXCLUDED.inside, number = EXCLUDED.number, since = EXCLUDED.since, fired_at = EXCLUDED.fired_at
), withdrawn AS (
    UPDATE leads_crossing c SET state = 'withdrawn', decided_at = %s::timestamptz FROM judged j
     WHERE c.rule_id = j.rule_id AND c.lead_id = j.lead_id AND c.state = 'review'
), crossed AS (
    INSERT INTO leads_crossing (rule_id, lead_id, number, entered, cause, state, label_before, label, at, problem)
    SELECT rule_id, lead_id, number, entered, cause, state, '', label, %s::timestamptz, '' FROM judged
    RETURNING state
)
SELECT count(*) FILTER (WHERE state = 'due') FROM crossed
"""
)

_DIFFERING = _FLIPPED + " SELECT DISTINCT lead_id FROM flipped ORDER BY lead_id"

_PRIME = """
WITH asked AS MATERIALIZED ({asked})
INSERT INTO leads_inside AS w (rule_id, lead_id, inside, number, since)
SELECT a.rule_id, a.lead_id, a.enters, 0, %s::timestamptz
  FROM asked a LEFT JOIN leads_inside i ON i.rule_id = a.rule_id AND i.lead_id = a.lead_id
 WHERE COALESCE(i.inside, false) <> a.enters ORDER BY a.lead_id
ON CONFLICT (rule_id, lead_id) DO UPDATE SET inside = EXCLUDED.inside, since = EXCLUDED.since
"""


@dataclass(frozen=True, eq=False)
class Asked:
    """SQL that gives lead_id, rule_id, rev, enters and stays for some leads."""

    sql: str
    params: tuple[Any, ...]


def cross(watched: str | None, lead_ids: Sequence[int], as_of: datetime) -> int:
    """Write the crossings of these leads, whose standings the caller holds. Returns how many call for something.

    `watched` is what WATCHED gave; nothing is asked where it is empty. A rule that the database cannot ask is switched
    off and says why: it stops nobody else's score.
    """
    if not watched or not lead_ids:
        return 0
    try:
        with transaction.atomic():
            return _cross(_of_watched(watched), lead_ids, as_of)
    except DatabaseError as error:
        if passes(error):
            raise
        logger.exception("the rules cannot be asked together")
    return sum(_cross_alone(rule, lead_ids, as_of) for rule in _watching(watched))


def cross_one(rule: Rule, lead_ids: Sequence[int], as_of: datetime) -> int:
    """The same for one rule."""
    return _cross(asked_by([rule]), lead_ids, as_of)


def _cross_alone(rule: Rule, lead_ids: Sequence[int], as_of: datetime) -> int:
    try:
        with transaction.atomic():
            return cross_one(rule, lead_ids, as_of)
    except DatabaseError as error:
        if passes(error):
            raise
        give_up(rule, error)
        return 0


def give_up(rule: Rule, error: Exception) -> None:
    """Switched off, with the reason on its page."""
    logger.error("rule %s is switched off: %s", rule.pk, error)
    Rule.objects.filter(pk=rule.pk, rev=rule.rev).update(active=False, problem=str(error)[:1000], rev=F("rev") + 1)


def _cross(asked: Asked | None, lead_ids: Sequence[int], as_of: datetime) -> int:
    if asked is None:
        return 0
    now = timezone.now()
    params = bind(asked.params, leads=list(lead_ids), today=day_number(as_of))
    with connection.cursor() as cursor:
        cursor.execute(_CROSS.format(asked=asked.sql), [*params, *[now] * 5])
        return cursor.fetchone()[0]


def differing(rule: Rule, first: int, last: int, as_of: datetime) -> list[int]:
    """The leads between two ids, both included, that would cross now. Reads only."""
    asked = asked_by([rule], pages=True)
    if asked is None:
        return []
    with connection.cursor() as cursor:
        params = bind(asked.params, first=first, last=last, today=day_number(as_of))
        cursor.execute(_DIFFERING.format(asked=asked.sql), params)
        return [lead for (lead,) in cursor.fetchall()]


def prime(rule: Rule, first: int, last: int, as_of: datetime) -> None:
    """Record who of them is inside, and nothing else: for a rule that does not watch yet."""
    if asked := asked_by([rule], pages=True):
        with connection.cursor() as cursor:
            params = bind(asked.params, first=first, last=last, today=day_number(as_of))
            cursor.execute(_PRIME.format(asked=asked.sql), [*params, timezone.now()])


@lru_cache(maxsize=16)
def _of_watched(watched: str) -> Asked | None:
    return asked_by(_watching(watched))


def _watching(watched: str) -> list[Rule]:
    ids = [int(entry.partition(".")[0]) for entry in watched.partition(":")[0].split(",")]
    rules = Rule.objects.filter(pk__in=ids, active=True, phase=RulePhase.WATCHING)
    return list(rules.select_related("segment", "stays").order_by("pk"))


def asked_by(rules: Sequence[Rule], *, pages: bool = False) -> Asked | None:
    """The statement that asks these rules, of given leads or, for `pages`, of all between two ids.

    A rule that can no longer be read is switched off and left out. None: there is nothing to ask.
    """
    scope = ListScope(Vocabulary.load(), TODAY)
    columns: dict[str, Any] = {}
    entries = []
    for rule in rules:
        try:
            enters, stays = _conditions(rule, scope)
        except ConditionError as error:
            give_up(rule, error)
            continue
        columns |= {f"e{rule.pk}": _known(enters), f"s{rule.pk}": _known(stays)}
        entries.append(f"({rule.pk}::bigint, {rule.rev}::bigint, q.e{rule.pk}, q.s{rule.pk})")
    if not entries:
        return None
    which = Sql("({} BETWEEN {} AND {})", F("pk"), FIRST, LAST) if pages else Sql("({} = ANY({}))", F("pk"), LEADS)
    leads = Lead.objects.filter(which).order_by().annotate(**columns).values_list("pk", *columns)
    sql, params = leads.query.sql_with_params()
    asked = f"SELECT q.lead_id, v.* FROM ({sql}) AS q(lead_id, {', '.join(columns)})"
    asked += f" CROSS JOIN LATERAL (VALUES {', '.join(entries)}) AS v(rule_id, rev, enters, stays)"
    return Asked(asked, tuple(params))


def _conditions(rule: Rule, scope: ListScope) -> tuple[Q, Q]:
    whose = _whose(rule)
    enters = whose & _of_segment(rule.segment, scope)
    return enters, enters | whose & _of_segment(rule.stays, scope) if rule.stays else enters


def _of_segment(segment: Segment, scope: ListScope) -> Q:
    node = parse(segment.condition)
    scope.vocabulary.check(node, scoring=False)
    return compile(node, scope) & (Q(team=segment.team_id) if segment.team_id else Q())


def _whose(rule: Rule) -> Q:
    """Leads of the rule's team; for somebody's own rule, of the teams they are in while they may sign in."""
    if rule.person_id:
        teams = (
            "SELECT m.team_id FROM leads_membership m JOIN leads_user u ON u.id = m.user_id"
            " WHERE u.is_active AND u.id = {}"
        )
        return Q(Sql(f"({{}} IN ({teams}))", F("team_id"), Value(rule.person_id)))
    return Q(team=rule.team_id) if rule.team_id else Q()


def _known(condition: Q) -> Coalesce:
    """True or false; what is unknown is false."""
    return Coalesce(ExpressionWrapper(condition, BooleanField()), Value(False))
