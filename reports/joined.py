"""Numbers of many rows as the bytes of one value: no row of a result for each, no text to write and to read again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import BinaryField, F, Func, QuerySet
from django.db.models.aggregates import Aggregate
from numpy.typing import NDArray
from psycopg import Cursor
from psycopg.pq import Format

MICROSECONDS_OF_A_DAY = 86_400_000_000


class Joined(Aggregate):
    """The bytes of all rows of a group, one after the other; in no order, but the same for all of a query."""

    function = "string_agg"
    template = "%(function)s(%(expressions)s, ''::bytea)"
    output_field = BinaryField()
    allow_distinct = False


def sent(*columns: Any) -> Func:
    """Whole numbers of a row as bytes, for `numbers` to read. None of them may be unknown."""
    each = [Func(column, template="int4send((%(expressions)s)::int)", output_field=BinaryField()) for column in columns]
    return Func(*each, template="%(expressions)s", arg_joiner=" || ", output_field=BinaryField())


def numbers(joined: bytes | None, each: int) -> NDArray[np.int64]:
    """What `Joined(sent(…))` of so many numbers gave: a row for each, nothing where there was none."""
    return np.frombuffer(joined or b"", dtype=">i4").reshape(-1, each).astype(np.int64)


def sent_moment(column: str) -> Func:
    """A moment of a row as bytes, for `moments` to read. One that is not known is sent as the end of time."""
    return Func(
        F(column), template="timestamptz_send(coalesce(%(expressions)s, 'infinity'))", output_field=BinaryField()
    )


def moments(joined: bytes | None) -> NDArray[np.float64]:
    """What `Joined(sent_moment(…))` gave, in days since 2000; NaN where it is not known."""
    found = np.frombuffer(joined or b"", dtype=">i8")
    return np.where(found == np.iinfo(np.int64).max, np.nan, found / MICROSECONDS_OF_A_DAY)


def in_days(moment: datetime) -> float:
    """A moment as `moments` has it."""
    return (moment - datetime(2000, 1, 1, tzinfo=UTC)) / timedelta(days=1)


def fetched(rows: QuerySet[Any]) -> list[tuple[Any, ...]]:
    """What a query of `values_list` gives, with bytes as bytes. A cursor of Django has them written as digits, which
    are twice as many and are read again: of all handoffs of two years that takes as long as reading them.
    """
    sql, given = rows.query.sql_with_params()
    connection.close_if_health_check_failed()  # as Django does before it makes a cursor
    connection.ensure_connection()
    own: Any = Cursor(connection.connection)
    own.format = Format.BINARY
    wrapped = connection.make_debug_cursor(own) if connection.queries_logged else connection.make_cursor(own)
    with wrapped as cursor:
        cursor.execute(sql, given)
        return cursor.fetchall()
