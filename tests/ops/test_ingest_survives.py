"""What was acknowledged is stored, and stored once, while web and worker are killed and the senders try again."""

import json
import os
import random
import signal
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection, HTTPException

import pytest

from tests.ops.installation import Installation, free_port

pytestmark = [
    pytest.mark.ops,
    pytest.mark.skipif("DATABASE_URL" in os.environ, reason="starts the embedded servers, DATABASE_URL names others"),
]

EVENTS, SENDERS, BATCH, KILLS = 5_000, 4, 10, 5
GONE = 2**22  # no process has so high a number
MAKE = (
    "from leads.models import *; t = Team.objects.create(name='EMEA', slug='emea');"
    "print(WriteKey.issue(Source.objects.named(t, 'Website', 'website'))[1])"
)
COUNT = (
    "from leads.models import *; import json; ids = Event.objects.values_list('message_id', flat=True);"
    "print(json.dumps([sorted(ids), Lead.objects.count(), VisitorEvent.objects.count()]))"
)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    installation = Installation(tmp_path_factory.mktemp("survives") / "data", free_port())
    installation.start()
    yield installation
    installation.end()


def shell(installation, code: str) -> str:
    done = installation.manage("shell", "--no-imports", "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def send(port: int, key: str, numbers: range, again: list[int]) -> list[str]:
    """Batches in order, each again until it is acknowledged (noted in `again`): the message ids that were."""
    acknowledged: list[str] = []
    headers = {"Authorization": "Basic " + b64encode(f"{key}:".encode()).decode()}
    deadline = time.monotonic() + 300
    for start in range(0, len(numbers), BATCH):
        batch = [
            {"type": "track", "event": "X", "userId": f"u{n % 97}", "anonymousId": f"a{n % 97}", "messageId": f"m{n}"}
            for n in numbers[start : start + BATCH]
        ]
        while post(port, json.dumps({"batch": batch}).encode(), headers) != 200:
            again.append(start)
            assert time.monotonic() < deadline
            time.sleep(0.2)
        acknowledged += [message["messageId"] for message in batch]
    return acknowledged


def post(port: int, body: bytes, headers: dict[str, str]) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST", "/v1/batch", body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


def test_acknowledged_is_stored_and_stored_once(running):
    key, chance = shell(running, MAKE), random.Random(3)
    again: list[int] = []
    killed: list[str] = []
    parts = [range(first, EVENTS, SENDERS) for first in range(SENDERS)]
    with ThreadPoolExecutor(SENDERS) as pool:
        senders = [pool.submit(send, running.port, key, part, again) for part in parts]
        for _ in range(KILLS):
            time.sleep(0.7)
            found = running.processes()
            for kind in ("web", "worker"):
                with suppress(ProcessLookupError):  # it ended by itself while we looked
                    os.kill(chance.choice(found.get(kind) or [GONE]), signal.SIGKILL)
                    killed.append(kind)
        acknowledged = sorted(message for sender in senders for message in sender.result())
    stored, leads, waiting = json.loads(shell(running, COUNT))
    assert len(acknowledged) == EVENTS
    assert stored == acknowledged
    assert (leads, waiting) == (97, 0)
    assert {*killed} == {"web", "worker"}
    assert again  # the kills were felt, or this proved nothing
