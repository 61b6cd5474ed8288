"""Statements that a connection keeps parsed and planned.

Counting one lead takes PostgreSQL less time than reading the statement that does it. For a few leads at a time the
statement is therefore prepared once for each connection, with one plan for any leads; for many, planning pays.
"""

import hashlib
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db import connection

from leads.conditions.sql import Parameter

_prepared: WeakKeyDictionary[psycopg.Connection, set[str]] = WeakKeyDictionary()


class Prepared:
    """SQL with `%s` places, of which the Parameters stay open and the rest is written into the text."""

    def __init__(self, sql: str, params: Sequence[Any]):
        self.open = list({param.name: param for param in params if isinstance(param, Parameter)}.values())
        numbers = {param.name: f"${i}" for i, param in enumerate(self.open, 1)}
        quote = psycopg.ClientCursor(_server()).mogrify
        pieces = [piece.replace("%%", "%") for piece in sql.split("%s")]
        places = [numbers[p.name] if isinstance(p, Parameter) else quote("%s", [p]) for p in params]
        self.text = pieces[0] + "".join(place + piece for place, piece in zip(places, pieces[1:], strict=True))
        self.name = f"leadscore_{hashlib.sha256(self.text.encode()).hexdigest()[:24]}"

    def fetchone(self, **values: Any) -> Any:
        """The first row for these values of the Parameters."""
        known = _prepared.setdefault(_server(), set())
        with connection.cursor() as cursor:
            if self.name not in known:
                types = ", ".join(param.cast for param in self.open)
                cursor.execute("SET plan_cache_mode = force_generic_plan")
                cursor.execute(f"PREPARE {self.name} ({types}) AS {self.text}")
                known.add(self.name)
            places = ", ".join(["%s"] * len(self.open))
            cursor.execute(f"EXECUTE {self.name} ({places})", [values[param.name] for param in self.open])
            return cursor.fetchone()


def _server() -> psycopg.Connection:
    connection.ensure_connection()
    return connection.connection
