"""Statements of the tracking protocol that the ORM has no words for."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from leads.ingest.people import Found, Touch
from leads.ingest.sql import by_message

BUCKETS = 64


def lock_visitors(source_id: int, *, waiting: set[str], known: set[str]) -> None:
    """Until the end of the transaction: who becomes known here stays unknown to nobody, who waits here stays unknown.

    Without it a visit could be put to wait at the very moment its visitor becomes known, and wait for ever. Visitors
    share a few locks, always taken in the same order; those who only wait do not hinder each other.
    """
    buckets: dict[int, bool] = {_bucket(visitor): False for visitor in waiting}
    buckets |= {_bucket(visitor): True for visitor in known}
    if not buckets:
        return
    ordered = sorted(buckets)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT CASE WHEN alone THEN pg_advisory_xact_lock(hashtext('leads.visitors'), %s + bucket)"
            " ELSE pg_advisory_xact_lock_shared(hashtext('leads.visitors'), %s + bucket) END"
            " FROM unnest(%s::int[], %s::boolean[]) AS t(bucket, alone)",
            [source_id * BUCKETS % 2**30] * 2 + [ordered, [buckets[bucket] for bucket in ordered]],
        )


def _bucket(visitor: str) -> int:
    return sum(visitor.encode()) % BUCKETS


def seen_messages(source_id: int, message_ids: Sequence[str]) -> set[str]:
    """Those of the messages that are here already, on a lead or waiting."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH sent AS MATERIALIZED (SELECT ARRAY(SELECT jsonb_array_elements_text(%(sent)s::jsonb)) AS ids)"
            " SELECT message_id FROM leads_event"
            " WHERE source_id = %(source)s AND message_id = ANY((SELECT ids FROM sent)::text[]) UNION ALL"
            " SELECT message_id FROM leads_visitorevent"
            " WHERE source_id = %(source)s AND message_id = ANY((SELECT ids FROM sent)::text[])",
            {"source": source_id, "sent": json.dumps(message_ids)},
        )
        return {row[0] for row in cursor.fetchall()}


def insert_visits(source_id: int, received_at: Any, rows: Sequence[tuple[Any, ...]]) -> set[str]:
    """Put (visitor, kind, occurred_at, day, message_id, properties) to wait; the message ids of those that are new."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO leads_visitorevent (source_id, visitor, kind_id, occurred_at, day, received_at, message_id,"
            " properties)"
            " SELECT %s, visitor, kind, at, day, %s, message, properties FROM jsonb_to_recordset(%s::jsonb)"
            " AS t(visitor text, kind smallint, at timestamptz, day int, message text, properties jsonb)"
            " ON CONFLICT (source_id, message_id) DO NOTHING RETURNING message_id",
            [source_id, received_at, by_message("visitor", rows)],
        )
        return {row[0] for row in cursor.fetchall()}


def keep_calls(source_id: int, received_at: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append to the stream of a source."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO leads_call (source_id, received_at, type, name, result, reason, occurred_at, lead_id, payload)"
            " SELECT %s, %s, type, name, result, reason, occurred_at, lead_id, payload"
            " FROM jsonb_to_recordset(%s::jsonb) AS t(type text, name text, result text, reason text,"
            " occurred_at timestamptz, lead_id bigint, payload text)",
            [source_id, received_at, json.dumps(rows)],
        )


_MOVE = """
WITH moved AS (
    DELETE FROM leads_visitorevent v USING ({known}) AS known(source, visitor, lead, came_by)
     WHERE v.source_id = known.source AND v.visitor = known.visitor
    RETURNING known.lead, known.came_by, v.*
)
INSERT INTO leads_event (lead_id, kind_id, source_id, occurred_at, day, received_at, message_id, properties,
                         quarantined, came_by)
SELECT lead, kind_id, source_id, occurred_at, day, received_at, message_id, properties, false, came_by
  FROM moved ORDER BY message_id
ON CONFLICT (source_id, message_id) DO NOTHING
"""


def join_visits(source_id: int, leads: Mapping[str, Found]) -> int:
    """Move what these visitors did to their leads. How many events."""
    known = "SELECT %s::bigint, * FROM unnest(%s::text[], %s::bigint[], %s::bigint[])"
    columns: list[Any] = [
        list(leads),
        [found.lead for found in leads.values()],
        [found.came_by for found in leads.values()],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_MOVE.format(known=known), [source_id, *columns])
        return cursor.rowcount


def join_known_visits() -> int:
    """Move what waits although its visitor is known by now, by an import or the API. How many events."""
    known = "SELECT source_id, value, lead_id, came_by FROM leads_leadidentity WHERE kind = 'anonymous'"
    with connection.cursor() as cursor:
        cursor.execute(_MOVE.format(known=known))
        return cursor.rowcount


# Whoever has the address now, else whoever the lead became that had it.
_ADDRESSED = """
SELECT DISTINCT ON (v.source_id, v.visitor) v.source_id, v.visitor, holder.id, NULLIF(l.id, holder.id)
  FROM leads_visitorevent v JOIN leads_source s ON s.id = v.source_id
  JOIN leads_lead l ON l.team_id = s.team_id AND l.email = substr(v.visitor, 8)
 CROSS JOIN LATERAL (
       WITH RECURSIVE way AS (
           SELECT l.id, l.merged_into_id
           UNION ALL SELECT n.id, n.merged_into_id FROM way JOIN leads_lead n ON n.id = way.merged_into_id
       ) SELECT id FROM way WHERE merged_into_id IS NULL) AS holder
 WHERE v.visitor LIKE 'mailto:%'
 ORDER BY v.source_id, v.visitor, l.merged_into_id NULLS FIRST
"""


def join_mail() -> int:
    """Move what e-mail providers said of addresses that no lead had then and one has by now. How many events."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVE.format(known=_ADDRESSED))
        return cursor.rowcount


def first_touches(source_id: int, visitors: Sequence[str]) -> dict[str, Touch]:
    """The channel and campaign by which each of the visitors first came, where there was one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (visitor) visitor, left(trim(properties ->> 'utm_source'), 100),"
            " left(trim(properties ->> 'utm_campaign'), 100) FROM leads_visitorevent"
            " WHERE source_id = %s AND visitor = ANY(%s)"
            " AND (trim(properties ->> 'utm_source') <> '' OR trim(properties ->> 'utm_campaign') <> '')"
            " ORDER BY visitor, occurred_at, id",
            [source_id, list(visitors)],
        )
        return {visitor: Touch(channel or "", campaign or "") for visitor, channel, campaign in cursor.fetchall()}
