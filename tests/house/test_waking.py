"""A wake-up leaves every process, and every thread of it, by the broker of the settings."""

import os
import subprocess
import sys
from threading import Thread

import pytest
from django.conf import settings

from leads.wake import _send
from scoring.tasks import rescore_due

# What a web server does: Django is set up, and a thread of a pool answers.
THREAD = """
import django; django.setup()
from concurrent.futures import ThreadPoolExecutor
from scoring.tasks import rescore_due
with ThreadPoolExecutor(1) as pool:
    print(pool.submit(lambda: rescore_due.app.conf.broker_url).result())
"""


def test_a_thread_of_a_web_server_knows_the_broker() -> None:
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run([sys.executable, "-c", THREAD], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == settings.CELERY_BROKER_URL, done.stderr


def test_waking_warns_of_nothing(caplog: pytest.LogCaptureFixture) -> None:
    thread = Thread(target=_send, args=[rescore_due])
    thread.start()
    thread.join()
    assert "was not woken" not in caplog.text
