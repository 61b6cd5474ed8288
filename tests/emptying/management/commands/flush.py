"""What Django does after each test that commits, in a quarter of the time where the test left few rows.

Django makes each of 130 tables anew, with its indexes. Here the rows are deleted from the tables that have any.
"""

from functools import cache
from typing import Any

from django.core.management.commands import flush
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection, transaction

FEW = 200  # rows; of more, each of which is looked for in every table that may refer to it, Django's way is quicker
KEPT = ("django_content_type", "auth_permission")  # they follow from the code


class Command(flush.Command):
    def handle(self, **options: Any) -> None:
        left = rows_by_table()
        if sum(left.values()) > FEW:
            super().handle(**options)
            return
        delete([table for table, rows in left.items() if rows])
        emit_post_migrate_signal(verbosity=0, interactive=False, db=options["database"])


@cache
def tables() -> list[str]:
    return [name for name in connection.introspection.django_table_names(only_existing=True) if name not in KEPT]


def rows_by_table() -> dict[str, int]:
    """Of each table at most one more than few."""
    asked = (f"SELECT '{name}', count(*) FROM (SELECT FROM {name} LIMIT {FEW + 1}) AS found" for name in tables())
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked))
        return dict(cursor.fetchall())


@transaction.atomic
def delete(tables: list[str]) -> None:
    """All rows of them, in any order (references are checked at the end), and no trigger of ours hears of it."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
