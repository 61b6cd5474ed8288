"""People and mail scanners who get the same letters: each act is known to be a person's or a machine's."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from leads.quality.scanners import Act

START = datetime(2026, 9, 1, 8, tzinfo=UTC)
LINKS = [
    f"https://www.northwind.example/{name}" for name in "pricing demo guide webinar careers blog unsubscribe".split()
]
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
SAID = ["Mozilla/5.0 (compatible; Barracuda Sentinel)", "python-requests/2.31", "HeadlessChrome/120.0"]


class Mailbox:
    """A year of letters to one lead. `machine`: the acts that no person did."""

    def __init__(self, seed: int):
        self.r, self.acts, self.machine = Random(seed), [], set()
        self.number = 0
        guarded = self.r.random() < 0.4
        for week in range(self.r.randint(1, 12)):
            at = START + timedelta(weeks=week, minutes=self.r.randint(0, 600))
            self._do("email_delivered", at)
            if guarded:
                self._scan(at)
            if self.r.random() < 0.5:
                self._read(at + timedelta(seconds=self.r.lognormvariate(8, 2) + 8))

    def _scan(self, at: datetime) -> None:
        """At once or within minutes; all links or some; with an honest name, or a browser's."""
        at += timedelta(seconds=self.r.choice([0.5, 2, 4, 20, 45, 400]))
        agent = self.r.choice([*SAID, BROWSER, BROWSER, BROWSER, BROWSER])
        for link in self.r.sample(LINKS, self.r.choice([1, 2, 3, 4, 5, 7])):
            self._do("email_clicked", at, link, agent, machine=True)
            at += timedelta(seconds=self.r.choice([0, 0.2, 0.5, 1, 2]))

    def _read(self, at: datetime) -> None:
        """A person opens one link, twice at times, rarely a few in tabs; most land on a page that is tracked."""
        links = self.r.sample(LINKS[:-1], self.r.choice([1, 1, 1, 1, 2, 3]))
        for link in links:
            for _ in range(self.r.choice([1, 1, 1, 2])):
                self._do("email_clicked", at, link, BROWSER)
                at += timedelta(seconds=self.r.choice([0.4, 2, 6, 15, 40]))
        for _ in range(self.r.choice([0, 1, 1, 2, 5])):
            at += timedelta(seconds=self.r.randint(1, 200))
            self._do("page_viewed", at, links[0], BROWSER)

    def _do(self, kind: str, at: datetime, link: str = "", agent: str = "", *, machine: bool = False) -> None:
        self.number += 1
        self.acts.append(Act(self.number, kind, at, link, agent))
        if machine:
            self.machine.add(self.number)


def mailboxes(count: int) -> Iterator[Mailbox]:
    return (Mailbox(seed) for seed in range(count))
