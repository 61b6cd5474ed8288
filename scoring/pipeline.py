"""The product in one screen: due → evaluate → record → cross → act.

Each page is one transaction: it holds its due rows, reads their revisions, then the facts, and writes standings,
history, moves and crossings together. Killed anywhere, it leaves the rows due and nothing half done. Two workers never
hold the same row, and none waits for another.
"""

import logging
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from leads.conditions.sql import bind
from leads.enums import Cause
from leads.models import Standing
from leads.retry import retried
from leads.rules import acting, review
from leads.rules.crossings import WATCHED, cross
from leads.rules.passes import rules_changed
from leads.selling.handoffs import open_handoffs
from scoring.engine.definition import load
from scoring.engine.evaluate import Compiled, compiled_for, database_clock
from scoring.engine.expressions import AS_OF
from scoring.engine.ledger import record, recount
from scoring.engine.others import record_others
from scoring.engine.trials import record_trials
from scoring.models import Move, Version

logger = logging.getLogger(__name__)
PAGE = 2000


def rescore_due(limit: int = PAGE) -> int:
    """Score one page of due leads and do what follows. Returns how many there were; 0 means that none is due."""
    scored, follows = _score_page(limit)
    if follows or not scored:  # also when nothing was due: what a killed worker left undone
        act()
    return scored


@retried
@transaction.atomic
def _score_page(limit: int) -> tuple[int, int]:
    claimed = _claim(limit)
    if not claimed:
        return 0, 0
    # Read after the claim: whoever switches versions waits for these rows, or we wait for the switch.
    (versions, watched), as_of = _live(), database_clock()
    leads = [lead for lead, _ in claimed]
    moved = record(claimed, compiled_for(versions), as_of=as_of, now=timezone.now())
    record_others(versions, leads, as_of)
    record_trials(versions, leads, as_of)
    return len(claimed), moved + cross(watched, leads, as_of)


def _claim(limit: int) -> list[tuple[int, int]]:
    """A page of due leads, held: those with new facts first, then those whose moment has come.

    The ORM compiles each query once; for one lead its compiling would take as long as the whole count.
    Asked one after the other, since each has an index of its own; asked together, PostgreSQL would read every standing.
    """
    with connection.cursor() as cursor:
        sql, params = _claiming("facts", limit)
        cursor.execute(sql, params)
        if claimed := cursor.fetchall():
            return claimed
        sql, params = _claiming("time", limit)
        # One clock says what is due and for which moment it is counted: with two, the rows between them stay due.
        cursor.execute(sql, bind(params, as_of=database_clock()))
        return cursor.fetchall()


def _keep_versions() -> None:
    """Until the end of the transaction no version becomes live; workers write on. Who claims rows needs no more."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE leads_standing IN ROW EXCLUSIVE MODE")


@cache
def _claiming(why: str, limit: int) -> tuple[str, tuple[Any, ...]]:
    due = Standing.objects.facts_due().order_by("pk")
    if why == "time":
        due = Standing.objects.time_due(AS_OF).order_by("due_at")
    held = due.select_for_update(skip_locked=True, no_key=True, of=("self",))
    with transaction.atomic():  # Django compiles FOR UPDATE only inside one
        return held.values_list("pk", "facts_rev")[:limit].query.sql_with_params()


def live(*, dense: bool = False) -> Compiled:
    """The compiled statement of the versions that are live now."""
    return compiled_for(live_versions(), dense=dense)


def live_versions() -> tuple[int, ...]:
    """The versions that score now, the one that decides where audiences overlap first (VersionQuerySet.deciding)."""
    return _live()[0]


def _live() -> tuple[tuple[int, ...], str | None]:
    """live_versions, and which rules watch: asked together, so that rules nobody made cost nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ARRAY(SELECT id FROM scoring_version WHERE state IN ('live', 'trial')"
            " ORDER BY position, model_id, state DESC, id)::bigint[],"
            f" {WATCHED}"
        )
        versions, watched = cursor.fetchone()
        return tuple(versions), watched


@retried
def recount_all(first: int, page: int = 10_000) -> tuple[int, int, int]:
    """Score the page of leads from this id on again, due or not, writing only what differs.

    Returns where the next page begins (0: there is none), how many leads were counted and how many changed.
    """
    rows = Standing.objects.filter(pk__gte=first).order_by("pk").values_list("pk", "facts_rev")
    with transaction.atomic():
        _keep_versions()
        leads = list(rows[:page])
        if not leads:
            return 0, 0, 0
        versions, as_of = live_versions(), database_clock()
        changed = recount(leads, compiled_for(versions, dense=True), as_of=as_of, now=timezone.now())
        if len(versions) > 1:
            ours = _ours([lead for lead, _ in leads], as_of)
            record_others(versions, ours, as_of)
            record_trials(versions, ours, as_of)
        if changed:
            rules_changed()
    return leads[-1][0] + 1, len(leads), changed


def _ours(lead_ids: list[int], as_of: datetime) -> list[int]:
    """Those of the leads whose standings nobody has counted for a later moment; from here on they are held."""
    mine = Standing.objects.filter(pk__in=lead_ids).exclude(as_of__gt=as_of).order_by("pk")
    return list(mine.select_for_update(no_key=True).values_list("pk", flat=True))


def act(limit: int = 500) -> int:
    """Open the handoffs that moves call for, and do what crossings call for. Returns how many moves were done with.

    A move brought about by rules opens no handoff: publishing a model must not flood sales. Those leads wait for
    review (leads/rules/review.py).
    """
    done = after = 0
    while True:
        moves = _act_on_page_or_singly(limit, after)
        done += len(moves)
        if len(moves) < limit:
            acting.act()
            return done
        after = moves[-1]


def _act_on_page_or_singly(limit: int, after: int) -> list[int]:
    """One lead that cannot be handed off holds up no other: then each move is acted on alone, and that one stays."""
    try:
        return _act_on_page(limit, after)
    except Exception:
        logger.exception("A page of moves failed and is acted on one by one")
    moves = list(Move.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:limit])
    for move in moves:
        try:
            _act_on_page(1, move - 1)
        except Exception:
            logger.exception("Move %s failed and is tried again at the next run", move)
    return moves


@retried
@transaction.atomic
def _act_on_page(limit: int, after: int = 0) -> list[int]:
    moves = list(Move.objects.filter(pk__gt=after).select_for_update(skip_locked=True).order_by("pk")[:limit])
    # A lead is where its last move brought it; what it did not leave in between needs no second look.
    last = {move.lead_id: move for move in moves}
    if gone := [lead for lead, move in last.items() if not _is_handed_off(move)]:
        review.withdraw(gone)
    entered = [move for move in moves if _enters(move)]
    if by_rules := [move for move in entered if move.cause == Cause.RULES and last[move.lead_id] is move]:
        review.put_forward([review.Relabelled(move.lead_id, move.label_before, move.label) for move in by_rules])
    if called := {move.lead_id for move in entered if move.cause != Cause.RULES}:
        review.withdraw([handoff.lead_id for handoff in open_handoffs(called)])
    Move.objects.filter(pk__in=[move.pk for move in moves]).delete()
    return [move.pk for move in moves]


def _enters(move: Move) -> bool:
    """Whether the lead came to a label that is handed off from one that is not."""
    return _is_handed_off(move) and move.label_before not in handoff_labels(move.version_id or 0)


def _is_handed_off(move: Move) -> bool:
    return move.version_id is not None and move.label in handoff_labels(move.version_id)


@lru_cache(maxsize=64)
def handoff_labels(version: int) -> frozenset[str]:
    """The labels that hand a lead off. A version is frozen, so it is asked once."""
    return frozenset(load(Version.objects.values_list("definition", flat=True).get(pk=version)).handoff_labels)
