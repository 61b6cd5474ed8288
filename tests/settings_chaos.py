"""For worker processes that a test starts: its database, and a real broker."""

import os

from tests.settings import *

DATABASES["default"]["NAME"] = os.environ["CHAOS_DATABASE"]
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://")
