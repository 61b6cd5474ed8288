"""Trying again what the database broke off. Nobody made a mistake: two were faster than one could see."""

import functools
import logging
import random
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, connection

logger = logging.getLogger(__name__)

Params = ParamSpec("Params")
Answer = TypeVar("Answer")

ATTEMPTS = 6
FIRST_WAIT = 0.02  # seconds; doubles, and each waits another part of it
# Two waited for each other, one saw rows of two moments, a lock took too long, a row referred to has just gone.
PASSING = {"40P01", "40001", "55P03", "23503"}


def retried(act: Callable[Params, Answer]) -> Callable[Params, Answer]:
    """Run it again, from the start, when PostgreSQL broke it off for a reason that passes.

    For functions that are one whole transaction. Inside somebody else's transaction the error goes on to them: what
    was broken off is theirs.
    """

    @functools.wraps(act)
    def again(*args: Params.args, **kwargs: Params.kwargs) -> Answer:
        for attempt in range(ATTEMPTS - 1):
            try:
                return act(*args, **kwargs)
            except DatabaseError as error:
                if connection.in_atomic_block or not passes(error):
                    raise
                logger.info("%s was broken off and is tried again: %s", act.__qualname__, str(error).partition("\n")[0])
                time.sleep(random.uniform(0, FIRST_WAIT * 2**attempt))  # noqa: S311 only spreads them
        return act(*args, **kwargs)

    return again


def passes(error: DatabaseError) -> bool:
    return getattr(error.__cause__, "sqlstate", None) in PASSING
