"""Fields have a history: who set them, from where, and what they were."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection, transaction


@contextmanager
def attributed(*, by: Any = None, origin: str = "", held_at: datetime | None = None) -> Iterator[None]:
    """Field changes inside are put down to `by` and `origin`, as holding since `held_at` (default: now).

    Opens a transaction; the settings the triggers read end with it.
    """
    with transaction.atomic():
        _tell(str(by.pk) if by else "", origin, held_at.isoformat() if held_at else "")
        yield
        _tell("", "", "")


def _tell(by: str, origin: str, held_at: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('leadscore.by', %s, true), set_config('leadscore.origin', %s, true),"
            " set_config('leadscore.held_at', %s, true)",
            [by, origin, held_at],
        )
