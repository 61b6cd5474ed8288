"""Waking a worker. The row that needs work is already written; a wake-up only makes it quick."""

import logging
from typing import Any

from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def wake(task: Any) -> None:
    """Have the Celery task run soon after the present transaction commits.

    A broker that is away costs nothing but time: the timetable finds the row.
    """
    transaction.on_commit(lambda: _send(task), robust=True)


def _send(task: Any) -> None:
    try:
        task.apply_async(ignore_result=True)
    except (OperationalError, OSError) as error:
        logger.warning("%s was not woken: %s", task.name, error)
