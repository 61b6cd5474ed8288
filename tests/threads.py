"""Several connections at once, for tests of races (with `django_db(transaction=True)`)."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection


def at_once(act: Callable[[Any], Any], subjects: Iterable[Any]) -> list[Any]:
    """Do it for each subject, each in a thread with a connection of its own: results or exceptions, in order."""
    subjects = list(subjects)

    def run(subject: Any) -> Any:
        try:
            return act(subject)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(subjects)) as pool:
        futures = [pool.submit(run, subject) for subject in subjects]
        return [future.exception() or future.result() for future in futures]
