"""A Celery worker of the product, on the test database, that says which process begins how many leads.

celery -A tests.scoring.chaos_worker worker
"""

import os
import time
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings_chaos"
django.setup()

from leadscore.celery import app  # noqa: E402
from scoring import pipeline, publishing  # noqa: E402

__all__ = ["app"]

LINGER = 0.1  # in the transaction, so that one can be killed there


def said(honest: Any, place: int) -> Any:
    def act(*args: Any, **more: Any) -> Any:
        with open(os.environ["CHAOS_LOG"], "a") as log:
            log.write(f"{os.getpid()} {os.getppid()} {len(args[place])}\n")
        answer = honest(*args, **more)
        time.sleep(LINGER)
        return answer

    return act


pipeline.record = said(pipeline.record, 0)
publishing._score = said(publishing._score, 1)
