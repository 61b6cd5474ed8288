"""Waking a worker. The row that needs work is already written; a wake-up only makes it quick."""

import logging
from collections.abc import Callable
from functools import cache
from typing import Any

from django.db import connection, transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def wake(task: Any) -> None:
    """Have the Celery task run soon after the present transaction commits; once, however often it is asked for.

    A broker that is away costs nothing but time: the timetable finds the row.
    """
    call = _sender(task)
    if all(call not in waiting for waiting in connection.run_on_commit):
        transaction.on_commit(call, robust=True)


@cache
def _sender(task: Any) -> Callable[[], None]:
    """One and the same function for a task, so that a second one in the transaction is recognised."""
    return lambda: _send(task)


def _send(task: Any) -> None:
    try:
        task.apply_async(ignore_result=True)
    except (OperationalError, OSError) as error:
        logger.warning("%s was not woken: %s", task.name, error)
