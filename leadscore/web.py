"""Settings of gunicorn, which serves the pages: `gunicorn -c python:leadscore.web leadscore.wsgi`."""

import os
from typing import Any

from leadscore.processes import die_with_parent

workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "gthread"
threads = 4
preload_app = True
timeout = 60
graceful_timeout = 5
loglevel = "warning"
control_socket_disable = True
# Whether X-Forwarded-Proto is believed is decided in one place: TRUST_PROXY in settings.py.
forwarded_allow_ips = ""


def post_fork(server: Any, worker: Any) -> None:
    die_with_parent()
