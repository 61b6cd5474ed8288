"""The few statements the ORM has no words for: a lock on making rows, and one UPDATE for many rows."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models


def lock_making(team_id: int) -> None:
    """Until the end of the transaction nobody else makes leads or companies of this team here.

    Two files with the same unknown people would else make them twice: companies are known by name, which no
    constraint can guard. Facts about known leads do not wait for this.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('leads.ingest'), %s)", [team_id])


def update_rows(model: type[models.Model], rows: Iterable[models.Model], names: Sequence[str]) -> None:
    """Write the named fields of every row, in one statement and so with one run of the triggers."""
    fields = [model._meta.get_field(name) for name in names]
    data = [
        {"id": row.pk} | {field.column: getattr(row, field.attname) for field in fields}  # type: ignore[union-attr]
        for row in rows
    ]
    if not data:
        return
    table, columns = model._meta.db_table, [field.column for field in fields]  # type: ignore[union-attr]
    types = ", ".join(f"{field.column} {field.db_type(connection)}" for field in fields)  # type: ignore[union-attr]
    assignments = ", ".join(f"{column} = new.{column}" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} AS t SET {assignments} FROM jsonb_to_recordset(%s::jsonb)"
            f" AS new(id bigint, {types}) WHERE t.id = new.id",
            [json.dumps(data, cls=DjangoJSONEncoder)],
        )


def insert_events(source_id: int, received_at: Any, rows: Sequence[tuple[Any, ...]]) -> dict[str, int]:
    """Append (lead, kind, occurred_at, day, message_id, properties, came_by); {message_id: event id} of new ones."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO leads_event (lead_id, kind_id, source_id, occurred_at, day, received_at, message_id,"
            " properties, quarantined, came_by)"
            " SELECT lead, kind, %s, at, day, %s, message, properties, false, came_by"
            " FROM jsonb_to_recordset(%s::jsonb) AS t(lead bigint, kind smallint, at timestamptz, day int,"
            " message text, properties jsonb, came_by bigint)"
            " ON CONFLICT (source_id, message_id) DO NOTHING RETURNING message_id, id",
            [source_id, received_at, by_message("lead", rows)],
        )
        return dict(cursor.fetchall())


def by_message(whose: str, rows: Iterable[tuple[Any, ...]]) -> str:
    """Rows of events (the last column may be missing) as one text, in order of their messages: all lock them so.

    One JSON is written and read much faster than an array for each column.
    """
    names = (whose, "kind", "at", "day", "message", "properties", "came_by")
    ordered = sorted(rows, key=lambda row: row[4])
    return json.dumps([dict(zip(names, row, strict=False)) | {"at": row[2].isoformat()} for row in ordered])
