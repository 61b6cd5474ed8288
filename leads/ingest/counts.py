"""How many records of a source became what, day by day: for the pages about sources."""

import random
from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from leads.models import SourceDay
from leads.models.event import day_number

NAMES = ("accepted", "waiting", "duplicate", "rejected")


def count(source_id: int, counts: Mapping[str, int], at: datetime) -> None:
    """Add to the counts of the day. Last in a transaction: the row is locked until its end."""
    slot = random.randrange(SourceDay.SLOTS)  # noqa: S311 only spreads them
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO leads_sourceday AS d (source_id, day, slot, {', '.join(NAMES)}, last_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (source_id, day, slot) DO UPDATE SET last_at = greatest(d.last_at, excluded.last_at), "
            + ", ".join(f"{name} = d.{name} + excluded.{name}" for name in NAMES),
            [source_id, day_number(at), slot, *(counts.get(name, 0) for name in NAMES), at],
        )
