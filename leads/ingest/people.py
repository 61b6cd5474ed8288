"""Who a fact is about: keys → lead, found or made."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection

from leads.identity import current_ids, lock_current
from leads.ingest.companies import employers
from leads.ingest.sql import lock_making, update_rows
from leads.ingest.trace import note
from leads.models import Lead, LeadIdentity, Source

# A key is ("lead", id), ("email", address) or (kind of identity, value).
Key = tuple[str, int | str]
LARGEST_ID = 2**63 - 1
IDENTITIES = (LeadIdentity.EXTERNAL, LeadIdentity.USER, LeadIdentity.ANONYMOUS)


class Found(NamedTuple):
    """A lead, and where it was found by what belongs to a lead merged into it: that lead's id."""

    lead: int
    came_by: int | None = None

    @property
    def owner(self) -> int:
        """Whose the key is, merged or not."""
        return self.came_by or self.lead

    def at(self, now: int | None) -> "Found | None":
        """The same with its owner's lead as it is, once locked."""
        return Found(now, self.owner if now != self.owner else None) if now else None


class Touch(NamedTuple):
    """What brought a person here: a channel, and which campaign of it."""

    source: str = ""
    campaign: str = ""


def touch_of(properties: Mapping[str, Any]) -> Touch:
    """What an event says of it."""
    return Touch(*(str(properties.get(name) or "").strip()[:100] for name in ("utm_source", "utm_campaign")))


class Known(dict[Key, Lead]):
    """The leads of keys. `came_by`: of keys that belong to a lead merged into it, that lead's id."""

    def __init__(self) -> None:
        super().__init__()
        self.came_by: dict[Key, int] = {}


def leads_of(
    source: Source, people: Sequence[Sequence[Key]], touches: Sequence[Touch] | None = None
) -> list[Found | None]:
    """The lead of each person, by the first of their keys that is known; made when none is.

    A lead made comes by the touch of its person, or else from the source. Keys not known yet become the lead's.
    None: the person was named by a lead id that this team does not have. The leads are locked, in order of id, until
    the end of the transaction. A handful of queries for any number. A merged lead is followed to its survivor.
    """
    wanted = {key for keys in people for key in keys}
    known = look_up(source, wanted)
    if wanted - known.keys():
        lock_making(source.team_id)
        known = look_up(source, wanted)
        _settle(source, people, touches or [Touch()] * len(people), known)
    sure = [next((key for key in keys if key in known), None) for keys in people]
    found = [Found(known[key].pk, known.came_by.get(key)) if key else None for key in sure]
    held = lock_leads(one.owner for one in found if one)
    return [one.at(held.get(one.owner)) if one else None for one in found]


def look_up(source: Source, keys: Iterable[Key]) -> Known:
    """The leads of those keys that are known. One query, one more where any of them was merged."""
    asked = json.dumps([key for key in keys if not (isinstance(key[1], int) and key[1] > LARGEST_ID)])
    rows = Lead.with_merged.raw(_LOOK_UP, {"source": source.pk, "team": source.team_id, "keys": asked})
    leads: dict[int, Lead] = {}  # one and the same object, however many keys name it
    found: list[tuple[Key, Lead, int | None]] = []
    for row in rows:
        said: Any = row
        key = (said.kind, row.pk if said.kind == "lead" else said.value)
        found.append((key, leads.setdefault(row.pk, row), said.by))
    return _followed(sorted(found, key=lambda each: each[1].merged_into_id is not None))


# Key by key through the indexes that begin with what is asked, whatever the statistics of a growing table say: a limit
# keeps PostgreSQL from joining whole tables. A merged lead keeps its address, so an address may name several.
_LOOK_UP = """
WITH asked AS MATERIALIZED (
    SELECT key ->> 0 AS kind, key ->> 1 AS value FROM jsonb_array_elements(%(keys)s::jsonb) AS key
)
SELECT found.*, asked.* FROM asked CROSS JOIN LATERAL (
    SELECT l.id, l.email, l.team_id, l.merged_into_id, i.came_by AS by
      FROM leads_leadidentity i JOIN leads_lead l ON l.id = i.lead_id
     WHERE i.source_id = %(source)s AND i.kind = asked.kind AND i.value = asked.value LIMIT 1
) AS found WHERE asked.kind IN ('external', 'user', 'anonymous')
UNION ALL
SELECT found.*, asked.* FROM asked CROSS JOIN LATERAL (
    SELECT l.id, l.email, l.team_id, l.merged_into_id, NULL::bigint AS by FROM leads_lead l
     WHERE l.team_id = %(team)s AND l.email = asked.value AND l.email <> '' AND l.merged_into_id IS NULL LIMIT 1
) AS found WHERE asked.kind = 'email'
UNION ALL
SELECT found.*, asked.* FROM asked CROSS JOIN LATERAL (
    SELECT l.id, l.email, l.team_id, l.merged_into_id, NULL::bigint AS by FROM leads_lead l
     WHERE l.team_id = %(team)s AND l.email = asked.value AND l.merged_into_id IS NOT NULL LIMIT 100
) AS found WHERE asked.kind = 'email'
UNION ALL
SELECT found.*, asked.* FROM asked CROSS JOIN LATERAL (
    SELECT l.id, l.email, l.team_id, l.merged_into_id, NULL::bigint AS by FROM leads_lead l
     WHERE l.team_id = %(team)s AND l.id = asked.value::bigint LIMIT 1
) AS found WHERE asked.kind = 'lead'
"""


def _followed(asked: list[tuple[Key, Lead, int | None]]) -> Known:
    """Each key with the lead it means now. The address of a lead goes before the same address of a merged one."""
    merged = {lead.pk for _, lead, _ in asked if lead.merged_into_id}
    now = current_ids(merged) if merged else {}
    survivors = Lead.objects.only("pk", "email", "team_id").in_bulk({*now.values()}) if merged else {}
    known = Known()
    for key, lead, came_by in asked:
        survivor = survivors.get(now[lead.pk]) if lead.pk in merged else lead
        owner = lead.pk if lead.pk in merged else came_by
        if survivor is None or (key in known and (known[key].pk != survivor.pk or key in known.came_by)):
            continue
        known[key] = survivor
        if owner:
            known.came_by[key] = owner
    return known


def _settle(source: Source, people: Sequence[Sequence[Key]], touches: Sequence[Touch], known: Known) -> None:
    """Make the leads that are not there and give every lead its new keys. `known` is completed."""
    fresh: dict[int, tuple[Key, Lead]] = {}
    named: dict[int, Lead] = {}
    for keys, touch in zip(people, touches, strict=True):
        sure = next((key for key in keys if key in known), None)
        lead = known[sure] if sure else None
        if lead is None and any(kind == "lead" for kind, _ in keys):
            continue
        lead = lead or Lead(team_id=source.team_id, source=touch.source or source.name, campaign=touch.campaign)
        for key in keys:
            if key in known:
                continue
            kind, value = key
            if kind == "email" and lead.email:
                continue  # known by another address: this one stays a fact of the event
            if kind == "email":
                lead.email = str(value)
                named[id(lead)] = lead
            fresh[len(fresh)] = (key, lead)
            known[key] = lead
            if sure in known.came_by:
                known.came_by[key] = known.came_by[sure]
    made = {id(lead): lead for _, lead in fresh.values() if lead.pk is None}
    _save(source, list(made.values()), [lead for mark, lead in named.items() if mark not in made])
    note(
        LeadIdentity.objects.bulk_create(
            LeadIdentity(source=source, lead=lead, kind=kind, value=value, came_by=known.came_by.get((kind, value)))
            for (kind, value), lead in fresh.values()
            if kind in IDENTITIES
        )
    )


def _save(source: Source, made: list[Lead], named: list[Lead]) -> None:
    for lead, company in zip(made, employers(source.team_id, [({}, lead.email) for lead in made]), strict=True):
        lead.company = company
    note(Lead.objects.bulk_create(made))
    update_rows(Lead, named, ["email"])


def lock_leads(found: Iterable[int | None]) -> dict[int, int]:
    """Lock these leads in order of id, until the end of the transaction: {id: the lead it is now}, of those there."""
    pks = {pk for pk in found if pk is not None}
    if not pks:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [list(pks)])
        held = {pk: pk for (pk,) in cursor.fetchall()}
    if len(held) < len(pks):  # merged while we waited, or gone
        held |= {pk: lead.pk for pk, lead in lock_current(pks - held.keys()).items()}
    return held


_LOCK = "SELECT id FROM leads_lead WHERE id = ANY(%s) AND merged_into_id IS NULL ORDER BY id FOR NO KEY UPDATE"
