"""Is the installation well? For load balancers, containers, `manage.py up` and `manage.py doctor`."""

from datetime import timedelta
from typing import Literal

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from leads.models.heartbeat import Heartbeat
from leads.outgoing.backlog import backlog

HEARTBEAT_QUEUE = "heartbeat"
# A task may take a worker for 60 s before it lets others on (scoring/tasks.py); then a period, and some patience.
ALIVE = timedelta(seconds=90)

State = Literal["ok", "failed", "unknown"]


@login_not_required
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The web process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 only when every part is well, else 503. Names the parts, and tells strangers nothing more.

    Staff also read how far the outbox is behind. A late outbox is no reason to send nobody here: it changes no status.
    """
    states = parts()
    well = all(state == "ok" for state in states.values())
    details = {"outbox": outbox()} if states["database"] == "ok" and request.user.is_staff else {}
    return JsonResponse({"status": "ok" if well else "failed"} | states | details, status=200 if well else 503)


def outbox() -> dict[str, int | bool]:
    """How many effects wait and were given up, the age in seconds of the oldest that is due, lanes that rest."""
    now = backlog()
    return {"waiting": now.waiting, "dead": now.dead, "lag": now.lag, "late": now.late, "resting": len(now.resting)}


def parts() -> dict[str, State]:
    """How the database, the broker, a worker and beat are. Takes seconds at worst."""
    fresh = _fresh_heartbeats()
    waiting = _waiting_heartbeats()
    return {
        "database": "failed" if fresh is None else "ok",
        "broker": "failed" if waiting is None else "ok",
        **_processes(fresh, waiting),
    }


def _processes(fresh: set[str] | None, waiting: int | None) -> dict[str, State]:
    """Heartbeats go from beat through a worker. When they stop, those left in the queue tell which one is missing."""
    if fresh is not None and {"worker", "beat"} <= fresh:
        return {"worker": "ok", "beat": "ok"}
    if fresh is None or waiting is None:
        return {"worker": "unknown", "beat": "unknown"}
    return {"worker": "failed", "beat": "ok"} if waiting else {"worker": "unknown", "beat": "failed"}


def _fresh_heartbeats() -> set[str] | None:
    """Who was alive lately; None when the database does not answer."""
    try:
        return set(Heartbeat.objects.filter(at__gt=timezone.now() - ALIVE).values_list("name", flat=True))
    except DatabaseError:
        return None


def _waiting_heartbeats() -> int | None:
    """How many heartbeats no worker has taken; None when the broker does not answer."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as broker:
            return int(broker.llen(HEARTBEAT_QUEUE))
    except redis.RedisError:
        return None
