"""Speaking to a CRM: the one way out, with patience and in words that people understand.

A request that meets a server that is busy is made again a few times, soon; then the run gives up and comes back later
(leads/crm/sync/runner.py). It is never made while a transaction is open: a slow server must not hold our locks.
"""

import json
import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.db import connection

from leads.crm.words import Busy, CrmError, Denied
from leads.outgoing import client
from leads.outgoing.endpoints import retry_after
from leads.outgoing.outcomes import Failed

TOTAL = 60.0  # seconds for one request
MOST = 64 * 1024 * 1024  # bytes of one answer
TRIES = 4
FIRST_WAIT = 0.4  # seconds before the second try; doubles
LONGEST_WAIT = 5.0  # who asks us to wait longer is left alone until the next run
PATIENCE, EACH = 8.0, 5.0  # seconds somebody waits before a page for all that is asked, and for one request
MOVED = (301, 302, 303, 307, 308)
PASSING = (408, 425, 429, 500, 502, 503, 504)
CUT = "The answer ended in its middle."
SLOW = "It answers too slowly to wait for it here. Try again in a moment."
SHORTEST = 6  # letters of a secret that is taken out of what a CRM says
UNDONE = (425, 429, 503)  # of these, where nothing was done


_until: ContextVar[float | None] = ContextVar("until", default=None)  # on the monotonic clock


@contextmanager
def somebody_waits(seconds: float = PATIENCE) -> Iterator[None]:
    """Within, everything that is asked of a CRM takes so long at most, together; then it is Busy. Who does not answer
    at all is not asked twice.
    """
    token = _until.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _until.reset(token)


@dataclass(frozen=True)
class Reply:
    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """What the answer holds. Raises Busy where it was cut short or is no JSON at all."""
        try:
            return json.loads(self.text) if self.text else None
        except ValueError:
            page = self.text.lstrip()[:1] == "<"
            words = "It answered with a page for people: is this the address of the CRM?" if page else CUT
            raise Busy(words, status=self.status) from None

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")


@dataclass
class Http:
    """Requests to one CRM.

    `headers` are sent with each. `words(reply)` reads what the CRM says is wrong. `pace` is the least time between two
    requests, in seconds. `renew()` gets a new token and returns headers for it; it is called once when a request is
    answered with 401, and the request made again. `calls` counts. `hidden` are secrets, which no error repeats.
    `ahead`: seconds that their clock is ahead of ours, by the date of the last answer, to a second or two.
    """

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    words: Callable[[Reply], str] = lambda reply: reply.text[:300]
    pace: float = 0.0
    renew: Callable[[], Mapping[str, str]] | None = None
    calls: int = 0
    hidden: Collection[str] = ()
    ahead: float | None = None
    _last: float = 0.0

    def json(self, method: str, path: str, body: Any = None, *, query: Mapping[str, Any] | None = None,
             once: bool = False) -> Any:  # fmt: skip
        """Send JSON and read JSON. Raises Busy, Denied, or CrmError for every other answer that is not 2xx."""
        data = json.dumps(body).encode() if body is not None else b""
        headers = {"Content-Type": "application/json"} if data else {}
        return self.send(method, path, data, query=query, headers=headers, once=once).json()

    def form(self, method: str, path: str, fields: Mapping[str, str]) -> Any:
        """Send a form, as token endpoints want it, and read JSON."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.send(method, path, urlencode(fields).encode(), headers=headers).json()

    def send(self, method: str, path: str, body: bytes = b"", *, query: Mapping[str, Any] | None = None,
             headers: Mapping[str, str] | None = None, once: bool = False) -> Reply:  # fmt: skip
        """The answer, if it is 2xx. `path` begins with a slash: nothing an answer says leads to another host.

        `once`: doing it twice would make two of something, so it is not asked again where it may have been done.
        """
        if not path.startswith("/"):
            raise ValueError(f"A path begins with a slash: {path[:40]!r}.")
        url = self.base_url + path + (f"?{urlencode(query, doseq=True)}" if query else "")
        own = dict(headers or {})
        attempt, renewed = 0, False
        while True:
            reply, trouble = self._try(method, url, body, own)
            if reply and reply.ok:
                return reply
            if reply and reply.status == 401 and self.renew and not renewed:
                renewed, self.headers = True, {**self.headers, **self.renew()}
                continue  # to sign in costs no try
            if reply and reply.status not in PASSING:
                raise self._refusal(reply)
            wait = self._wait(attempt, reply)
            if attempt == TRIES - 1 or not _worth_it(reply, wait, once=once):
                raise self._busy(reply, trouble, wait)
            time.sleep(wait)
            attempt += 1

    def _try(self, method: str, url: str, body: bytes, own: Mapping[str, str]) -> tuple[Reply | None, str]:
        refuse_in_transaction()
        time.sleep(max(0.0, self._last + self.pace - time.monotonic()))
        total = TOTAL if (left := _left()) is None else min(left, EACH)
        if total <= 0:
            raise Busy(SLOW)
        self._last, self.calls = time.monotonic(), self.calls + 1
        all_headers = {"Accept": "application/json", **self.headers, **own}
        began = datetime.now(UTC)
        try:
            answer = client.request(method, url, body=body, headers=all_headers, total=total, most=MOST)
        except Failed as failed:
            if failed.permanent:
                raise Denied(str(failed)) from None
            return None, str(failed)
        self._look_at_the_clock(answer.headers, began)
        text = answer.text if 200 <= answer.status < 300 else self.hushed(answer.text)
        return Reply(answer.status, text, answer.headers), ""

    def _look_at_the_clock(self, headers: Mapping[str, str], began: datetime) -> None:
        """An answer says to the second when it was written: somewhere between our question and now."""
        try:
            said = parsedate_to_datetime(next(text for name, text in headers.items() if name.lower() == "date"))
            half = (datetime.now(UTC) - began) / 2
            self.ahead = (said + timedelta(seconds=0.5) - began - half).total_seconds()
        except (StopIteration, ValueError, TypeError):  # it does not say
            pass

    def hushed(self, text: str) -> str:
        """What went wrong is kept and shown; what we signed in with is neither, though the other side repeats it."""
        sent = [word for value in self.headers.values() for word in value.split()[-1:]]
        for secret in (*self.hidden, *sent):
            if len(secret) >= SHORTEST:
                text = text.replace(secret, "…")
        return text

    def _refusal(self, reply: Reply) -> CrmError:
        said = self.words(reply) or f"It answered {reply.status}."
        if reply.status in MOVED:
            host = urlsplit(reply.header("Location")).netloc
            return Denied(f"It sends us on{f' to {host}' if host else ''}: enter the address where it is now.",
                          status=reply.status)  # fmt: skip
        if reply.status in (401, 403):
            return Denied(said, status=reply.status)
        return CrmError(said, permanent=True, status=reply.status)

    def _wait(self, attempt: int, reply: Reply | None) -> float:
        """As long as we are asked to, else a time that doubles, spread so that not all come back together."""
        asked = retry_after(client.Answer(reply.status, b"", headers=reply.headers)) if reply else None
        spread = random.uniform(0.5, 1.0)  # noqa: S311 it only spreads them
        return asked if asked is not None else FIRST_WAIT * 2**attempt * spread

    def _busy(self, reply: Reply | None, trouble: str, wait: float) -> Busy:
        if reply is None:
            return Busy(trouble)
        said = self.words(reply) or f"It answered {reply.status}."
        return Busy(said, pause=wait if wait > LONGEST_WAIT else None, status=reply.status)


def _left() -> float | None:
    """Seconds that whoever waits has patience for; None where nobody does."""
    until = _until.get()
    return None if until is None else until - time.monotonic()


def _worth_it(reply: Reply | None, wait: float, *, once: bool) -> bool:
    """Whether the request is made again after that pause."""
    if once and (reply is None or reply.status not in UNDONE):
        return False
    left = _left()
    return wait <= LONGEST_WAIT and (left is None or (reply is not None and wait < left))


def refuse_in_transaction() -> None:
    """Raises RuntimeError while a transaction of ours is open. That of a test case does not count."""
    if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise RuntimeError("A CRM is asked while a transaction is open: somebody else's slowness would hold our locks.")
