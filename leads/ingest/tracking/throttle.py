"""One noisy source must not starve the others: each may send so much in a window, counted in Redis."""

import logging
import time

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

WINDOW, MINUTE = 10, 60  # seconds
A_REQUEST = 10  # what a request costs at least, in messages
LIMITED_FOR = 300


def wait_for(source: int, messages: int) -> int:
    """Seconds the source should wait; 0: go on. Without Redis nobody waits."""
    limit = settings.INGEST_MESSAGES_PER_MINUTE * WINDOW // 60
    if not limit:
        return 0
    now = time.time()
    key = f"ingest:{source}:{int(now) // WINDOW}"
    try:
        if _counted(key, max(messages, A_REQUEST), WINDOW) <= limit:
            return 0
        cache.set(f"ingest-limited:{source}", now, LIMITED_FOR)
    except (RedisError, OSError, ValueError) as error:
        logger.warning("messages are not counted: %s", error)
        return 0
    return WINDOW - int(now) % WINDOW


def _counted(key: str, number: int, seconds: int) -> int:
    """What came in the window until now. The first of a window makes the count, unless another was faster."""
    try:
        return cache.incr(key, number)
    except ValueError:
        return number if cache.add(key, number, seconds * 2) else cache.incr(key, number)


def limited_at(source: int) -> float | None:
    """When the source was last told to wait, in the last minutes."""
    try:
        return cache.get(f"ingest-limited:{source}")
    except (RedisError, OSError):
        return None


def too_often(key: str, most: int) -> bool:
    """Whether this was done more than so many times in the present minute. Without Redis never."""
    try:
        return _counted(f"often:{key}:{int(time.time()) // MINUTE}", 1, MINUTE) > most
    except (RedisError, OSError, ValueError) as error:
        logger.warning("not counted: %s", error)
        return False
