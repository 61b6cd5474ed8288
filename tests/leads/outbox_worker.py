"""A Celery worker of the product, on the test database, that says which process begins an attempt and lingers there.

celery -A tests.leads.outbox_worker worker
"""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

LINGER = 0.002
LEASE = timedelta(seconds=4)


def lingering(honest: Callable[[Any], Any], log: str, linger: float = LINGER) -> Callable[[Any], Any]:
    """The handler, which first writes down its process and its parent, and waits a moment before it sends."""

    def act(effect: Any) -> Any:
        with open(log, "a") as file:
            file.write(f"{os.getpid()} {os.getppid()}\n")
        time.sleep(linger)
        return honest(effect)

    return act


if "CHAOS_LOG" in os.environ:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings_chaos"
    import django

    django.setup()

    from leads.outgoing import delivery
    from leadscore.celery import app

    __all__ = ["app"]
    delivery.LEASE = LEASE
    delivery.HANDLERS["webhook"] = lingering(delivery.HANDLERS["webhook"], os.environ["CHAOS_LOG"])
