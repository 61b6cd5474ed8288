"""Which events a machine did: mail scanners that open every link, robots that call themselves so, trapped ones.

A pure function of what a lead did, so the order in which facts arrive does not matter: a page view that follows a
suspicious click may come later and clears it. Docs: docs/data-quality.md, with the same numbers.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path

from leads.models import QuarantineRule

# A link with this in its address is hidden from people: in a mail, on a page.
TRAP = "ls-trap"
TRAP_REACH = timedelta(seconds=60)
BURST_SECONDS = timedelta(seconds=10)
BURST_LINKS = 3
MANY_LINKS = 6  # nobody opens so many within seconds, whatever follows
INSTANT = timedelta(seconds=5)
SOON, SOON_LINKS = timedelta(seconds=60), 2
FOLLOW_UP = timedelta(minutes=30)

CLICK, OPEN, DELIVERED, PAGE = "email_clicked", "email_opened", "email_delivered", "page_viewed"
BY_BROWSER = {CLICK, OPEN, PAGE, "form_submitted", "content_downloaded", "email_unsubscribed"}
# What follows a click when a person clicked. Scanners click on "unsubscribe" too.
NO_FOLLOW_UP = {CLICK, OPEN, DELIVERED, "email_sent", "email_bounced", "email_unsubscribed", "email_complained"}


@dataclass(frozen=True, slots=True)
class Act:
    """An event as the rules see it. `link`: the address that was opened; `agent`: the browser, as it calls itself."""

    pk: int
    kind: str
    at: datetime
    link: str = ""
    agent: str = ""


def suspects(acts: Iterable[Act]) -> dict[int, str]:
    """{event: rule} of the events of one lead that a machine did. The surest rule names the event."""
    ordered = sorted(acts, key=lambda act: (act.at, act.pk))
    found: dict[int, str] = {}
    for pk, rule in _judged(ordered):
        found.setdefault(pk, rule)
    return found


def _judged(acts: Sequence[Act]) -> Iterator[tuple[int, str]]:
    traps = [act.at for act in acts if TRAP in act.link]
    for act in acts:
        if act.kind in BY_BROWSER and any(abs(act.at - at) <= TRAP_REACH for at in traps):
            yield act.pk, QuarantineRule.TRAP
    for act in acts:
        if act.kind in BY_BROWSER and is_machine(act.agent):
            yield act.pk, QuarantineRule.AGENT
    people = [act.at for act in acts if act.kind not in NO_FOLLOW_UP and not is_machine(act.agent)]
    people = [at for at in people if not any(abs(at - trap) <= TRAP_REACH for trap in traps)]
    delivered = [act.at for act in acts if act.kind == DELIVERED]
    clicks = [act for act in acts if act.kind == CLICK]
    ends = [act.at for act in clicks]
    for burst in bursts(clicks):
        if _is_scan(burst, delivered, followed=_followed(burst[-1].at, people, ends)):
            yield from ((act.pk, QuarantineRule.BURST) for act in burst)
    for act in acts:
        if act.kind in (CLICK, OPEN) and _near(act.at, delivered, INSTANT) and not _followed(act.at, people, ends):
            yield act.pk, QuarantineRule.INSTANT


def bursts(clicks: Sequence[Act]) -> Iterator[list[Act]]:
    """Clicks in order of time, each at most ten seconds after the one before, of two and more."""
    burst: list[Act] = []
    for click in clicks:
        if burst and click.at - burst[-1].at > BURST_SECONDS:
            if len(burst) > 1:
                yield burst
            burst = []
        burst.append(click)
    if len(burst) > 1:
        yield burst


def _is_scan(burst: Sequence[Act], delivered: Sequence[datetime], *, followed: bool) -> bool:
    links = _most_links(burst)
    if links >= MANY_LINKS:
        return True
    soon = any(timedelta(0) <= burst[0].at - at <= SOON for at in delivered) and links >= SOON_LINKS
    return (links >= BURST_LINKS or soon) and not followed


def _most_links(burst: Sequence[Act]) -> int:
    """The most different links within ten seconds: a person opens one link twice, a scanner each link once."""
    return max(
        len({other.link for other in burst[place:] if other.at - click.at <= BURST_SECONDS})
        for place, click in enumerate(burst)
    )


def _near(at: datetime, others: Iterable[datetime], reach: timedelta) -> bool:
    return any(abs(at - other) <= reach for other in others)


def _followed(at: datetime, people: Iterable[datetime], clicks: Iterable[datetime]) -> bool:
    """Whether somebody came after this click, and not after a later one."""
    until = min((click for click in clicks if click - at > BURST_SECONDS), default=at + FOLLOW_UP)
    return any(at <= other <= min(until, at + FOLLOW_UP) for other in people)


@lru_cache(maxsize=4096)
def is_machine(agent: str) -> bool:
    """Whether a browser calls itself a robot or scanner (agents.txt)."""
    small = agent.lower()
    return bool(small) and (small.endswith("bot") or any(name in small for name in _agents()))


@cache
def _agents() -> tuple[str, ...]:
    lines = Path(__file__).with_name("agents.txt").read_text().splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))
