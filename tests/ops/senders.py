"""Senders of events that try again until they are acknowledged, and what an installation has of them."""

import json
import time
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException

from tests.ops.installation import Installation

EVENTS, VISITORS = 5_000, 97
SENDERS, BATCH = 4, 10
MAKE = (
    "from leads.models import *; t = Team.objects.create(name='EMEA', slug='emea');"
    "print(WriteKey.issue(Source.objects.named(t, 'Website', 'website'))[1])"
)
COUNT = (
    "from leads.models import *; import json; ids = Event.objects.values_list('message_id', flat=True);"
    "print(json.dumps([sorted(ids), Lead.objects.count(), VisitorEvent.objects.count()]))"
)


def write_key(installation: Installation) -> str:
    return _shell(installation, MAKE)


@contextmanager
def sending(port: int, key: str, again: list[int]) -> Iterator[list[Future[list[str]]]]:
    """All events are on their way, and acknowledged at the end. The results: the message ids that were."""
    parts = [range(first, EVENTS, SENDERS) for first in range(SENDERS)]
    with ThreadPoolExecutor(SENDERS) as pool:
        yield [pool.submit(_send, port, key, part, again) for part in parts]


def stored(installation: Installation) -> tuple[list[str], int, int]:
    """Message ids in order, how many leads, and how many events that wait for their visitor to be known."""
    ids, leads, waiting = json.loads(_shell(installation, COUNT))
    return ids, leads, waiting


def _shell(installation: Installation, code: str) -> str:
    done = installation.manage("shell", "--no-imports", "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def _send(port: int, key: str, numbers: range, again: list[int]) -> list[str]:
    """Batches in order, each again until it is acknowledged (noted in `again`): the message ids that were."""
    acknowledged: list[str] = []
    headers = {"Authorization": "Basic " + b64encode(f"{key}:".encode()).decode()}
    deadline = time.monotonic() + 300
    for start in range(0, len(numbers), BATCH):
        batch = [_event(n) for n in numbers[start : start + BATCH]]
        while _post(port, json.dumps({"batch": batch}).encode(), headers) != 200:
            again.append(start)
            assert time.monotonic() < deadline
            time.sleep(0.2)
        acknowledged += [message["messageId"] for message in batch]
    return acknowledged


def _event(n: int) -> dict[str, str]:
    visitor = n % VISITORS
    return {
        "type": "track", "event": "X", "userId": f"u{visitor}", "anonymousId": f"a{visitor}", "messageId": f"m{n}",
    }  # fmt: skip


def _post(port: int, body: bytes, headers: dict[str, str]) -> int:
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
