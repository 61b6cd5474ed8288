"""Duplicates are found as leads come and change: a lead that is due is compared with those that share a key with it.

A key that more than BLOCK leads of a team share says too little and costs too much: it brings nobody together. How many
such keys there are is shown on the page.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q

from leads.enums import PairState
from leads.identity.evidence import Evidence, compare
from leads.identity.keys import Person, keys_of
from leads.identity.merging import CannotMerge, merge
from leads.identity.pairs import better_first
from leads.keyset import capped_count
from leads.models import DuplicatePair, Lead, LeadIdentity, Likeness, LikenessKey, MergeRule, User

PAGE = 1000
BLOCK = 50
SHOWN_FROM = 50  # percent; less is kept from people

_COLUMNS = (
    "pk", "team_id", "email", "phone", "first_name", "last_name", "title", "city", "country", "company_id",
    "company__name",
)  # fmt: skip

# Those who share a key with a lead of the page, where not too many do; and how many leads have the key.
_MEET = """
SELECT k.lead_id, o.lead_id, k.key, c.n
  FROM leads_likenesskey k
 CROSS JOIN LATERAL (SELECT count(*) AS n FROM (
       SELECT 1 FROM leads_likenesskey b WHERE b.team_id = k.team_id AND b.key = k.key LIMIT %s) AS few) AS c
  JOIN leads_likenesskey o ON o.team_id = k.team_id AND o.key = k.key AND o.lead_id <> k.lead_id
 WHERE k.lead_id = ANY(%s) AND c.n BETWEEN 2 AND %s
"""

_TOO_MANY = """
SELECT count(*) FROM (
    SELECT 1 FROM leads_likenesskey WHERE team_id = ANY(%s) GROUP BY team_id, key HAVING count(*) > %s
) AS many
"""


def check_due(limit: int = PAGE) -> int:
    """Compare a page of leads that are due. How many there were; 0 means that none is.

    One process at a time; what it writes, it writes in the end, so whoever changes leads does not wait for it.
    """
    with transaction.atomic():
        if not _alone():
            return 0
        due = dict(Likeness.objects.filter(checked__lt=F("rev")).order_by("pk").values_list("pk", "rev")[:limit])
        if due:
            _check(list(due))
            _done(due)
    return len(due)


def waiting() -> int:
    """How many leads are still to be compared; counted up to the limit of lists."""
    return capped_count(Likeness.objects.filter(checked__lt=F("rev")))


def merge_sure(limit: int = 100) -> int:
    """Merge the pairs of which the team's rule says that nobody need be asked. How many were merged."""
    merged = 0
    for rule in MergeRule.objects.filter(automatic_from__isnull=False):
        sure = DuplicatePair.objects.filter(
            team=rule.team_id, state=PairState.OPEN, confidence__gte=rule.automatic_from or 101,
            low__merged_into=None, high__merged_into=None,
        ).select_related("low", "high")  # fmt: skip
        merged += merge_pairs(list(sure.order_by("-confidence", "pk")[:limit]), by=None)
    return merged


def merge_pairs(pairs: Iterable[DuplicatePair], *, by: User | None) -> int:
    """Merge each pair, its better lead surviving. How many: one that is no longer two is left out."""
    merged = 0
    for pair in pairs:
        now = Lead.objects.in_bulk([pair.low_id, pair.high_id])  # the pair before may have merged one of them
        if len(now) < 2:
            continue
        pair.low, pair.high = now[pair.low_id], now[pair.high_id]
        survivor, other = better_first(pair)
        with suppress(CannotMerge):  # somebody was faster; the next check of the leads puts the pair right
            merge(survivor, other, by=by, pair=pair)
            merged += 1
    return merged


def too_common(team_ids: Iterable[int]) -> int:
    """How many keys more than BLOCK leads of one of these teams share."""
    with connection.cursor() as cursor:
        cursor.execute(_TOO_MANY, [list(team_ids), BLOCK])
        return cursor.fetchone()[0]


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('leads.duplicates'))")
        return cursor.fetchone()[0]


def _check(ids: list[int]) -> None:
    page = {person.pk: person for person in people(ids)}
    LikenessKey.objects.filter(lead__in=ids).delete()
    LikenessKey.objects.bulk_create(
        [LikenessKey(lead_id=p.pk, team_id=p.team, key=key) for p in page.values() for key in sorted(keys_of(p))],
        batch_size=5000,
    )
    met, shared_by = _meetings(ids)
    others = {pk for pair in met for pk in pair} - page.keys()
    everybody = page | {person.pk: person for person in people(others)}
    found = {
        pair: compare(everybody[pair[0]], everybody[pair[1]], shared_by)
        for pair in met
        if pair[0] in everybody and pair[1] in everybody
    }
    _keep(ids, everybody, {pair: evidence for pair, evidence in found.items() if evidence.confidence >= SHOWN_FROM})


def people(ids: Iterable[int]) -> list[Person]:
    """These leads as they are compared; merged ones are not there. Two queries."""
    ids = list(ids)
    known: dict[int, list[tuple[int, str]]] = defaultdict(list)
    external = LeadIdentity.objects.filter(lead__in=ids, kind=LeadIdentity.EXTERNAL)
    for lead, source, value in external.values_list("lead", "source", "value"):
        known[lead].append((source, value))
    rows: Any = Lead.objects.filter(pk__in=ids).values_list(*_COLUMNS)
    return [Person(*(*row[:-1], row[-1] or "", tuple(known.get(row[0], ())))) for row in rows]


def _meetings(ids: Sequence[int]) -> tuple[set[tuple[int, int]], dict[str, int]]:
    """The pairs to compare, the smaller id first, and how many leads share a key."""
    with connection.cursor() as cursor:
        cursor.execute(_MEET, [BLOCK + 1, list(ids), BLOCK])
        rows = cursor.fetchall()
    return {(min(a, b), max(a, b)) for a, b, _, _ in rows}, {key: count for _, _, key, count in rows}


def _keep(ids: list[int], everybody: dict[int, Person], found: dict[tuple[int, int], Evidence]) -> None:
    """New pairs and new evidence; open pairs of these leads that are no longer alike go. Decisions stay."""
    rows = [
        DuplicatePair(
            team_id=everybody[low].team, low_id=low, high_id=high, confidence=evidence.confidence,
            evidence=evidence.reasons,
        )
        for (low, high), evidence in sorted(found.items())
    ]  # fmt: skip
    mine = DuplicatePair.objects.filter(Q(low__in=ids) | Q(high__in=ids))
    known: dict[Any, DuplicatePair] = {(pair.low_id, pair.high_id): pair for pair in mine}
    DuplicatePair.objects.bulk_create([row for row in rows if (row.low_id, row.high_id) not in known], batch_size=2000)
    for row in rows:
        pair = known.pop((row.low_id, row.high_id), None)
        said = (row.confidence, [list(part) for part in row.evidence])
        if pair and (pair.state == PairState.GONE or (pair.confidence, pair.evidence) != said):
            now = {PairState.GONE: PairState.OPEN}.get(PairState(pair.state), pair.state)
            DuplicatePair.objects.filter(pk=pair.pk).update(confidence=row.confidence, evidence=row.evidence, state=now)
    gone = [pair.pk for pair in known.values() if pair.state == PairState.OPEN]
    DuplicatePair.objects.filter(pk__in=gone, state=PairState.OPEN).update(state=PairState.GONE)


def _done(due: dict[int, int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE leads_likeness l SET checked = GREATEST(l.checked, d.rev)"
            " FROM (SELECT * FROM unnest(%s::bigint[], %s::bigint[]) AS d(lead, rev) ORDER BY lead) AS d"
            " WHERE l.lead_id = d.lead",
            [list(due), list(due.values())],
        )
