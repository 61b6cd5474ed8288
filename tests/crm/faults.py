"""A CRM with which something goes wrong at one request after the other, and what must be true in the end.

A `Story` changes both sides again and again while runs are broken off, and knows of everything it did: after runs that
end well, `differences()` names what was lost or doubled, with the turn it was part of.
"""

import re
import signal
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from leads.crm import mapping
from leads.crm.sync.runner import claim, sync_now
from leads.enums import Creates, CrmKind, SyncWhat
from leads.history import attributed
from leads.models import Connection, Cursor, Deal, Event, Lead, Link, SyncEntry, SyncRun
from tests.crm.steps import sync
from tests.crm.worlds import World
from tests.sales import make_lead

CONTACTS = CrmKind.CONTACTS
PEOPLE = (CONTACTS, CrmKind.LEADS)
LONG_AGO = timedelta(days=1)


class Killed(BaseException):
    """What nobody catches: the process is no more."""


@contextmanager
def mortal(world: World) -> Iterator[None]:
    """The fault "killed" ends whoever asks, in the middle of waiting for the answer."""

    def die(*_: Any) -> None:
        raise Killed

    before, asking = signal.signal(signal.SIGUSR1, die), threading.get_ident()
    world.crm.kill = lambda: signal.pthread_kill(asking, signal.SIGUSR1)
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, before)


@dataclass(frozen=True)
class Request:
    """One request of a run: the so-manieth of its operation, from 0."""

    operation: str
    place: int


@dataclass
class Story:
    """`people`: {e-mail address: the title both sides must have in the end}; `gone`: those who are here only, as they
    were deleted there. `told`: what happened in each turn.
    """

    world: World
    people: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    rows: list[str] = field(default_factory=list)
    deals: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)
    acts: int = 0
    know_each_other: bool = False

    # What happens

    def begin(self, rows: int) -> None:
        """People there of long ago, whom nobody here knows yet. Few fields of ours, so that few requests make them."""
        connection = self.world.connection
        mapping.begin(connection)
        ours = connection.field_maps.filter(ours__in=mapping.OUR_FIELDS)
        ours.exclude(ours__in=("score", "id")).delete()
        connection.creates = Creates.ALL
        connection.save(update_fields=["creates"])
        self.rows = [self._person(f"row{n}", "First", at=datetime.now(UTC) - LONG_AGO) for n in range(rows)]

    def settle(self) -> None:
        """Runs that end well, until both sides know each other; what was written by that was written long ago."""
        sync(self.world)
        sync(self.world)
        for record in self.world.crm.records.values():
            record.modified_at = datetime.now(UTC) - LONG_AGO
        self.know_each_other = True

    def turn(self, words: str = "") -> None:
        """Something new and something changed, on each side."""
        self.told.append(words)
        n, crm, links = len(self.told), self.world.crm, {}
        if CrmKind.COMPANIES in self.world.connector.kinds:
            links = {CrmKind.COMPANIES: [crm.add(CrmKind.COMPANIES, name=f"Company {n}", domain=f"c{n}.example")]}
        new = {CONTACTS: [self._person(f"there{n}", f"There {n}", links=links)]}
        self._person(f"beside{n}", f"Beside {n}")
        said = {"name": f"Deal {n}", "stage": "won", "pipeline": "sales", "amount": str(100 + n)}
        self.deals.add(crm.add(CrmKind.DEALS, **said, links=new))
        if CrmKind.ACTIVITIES in self.world.connector.kinds:
            self.acts += 1
            crm.act("call_held", datetime.now(UTC), subject=f"Call {n}", links=new)
        if self.know_each_other:
            self._edit_there(2 * n % len(self.rows), f"Edited there {n}")
            self._edit_here((2 * n + 1) % len(self.rows), f"Edited here {n}")
        self.people[f"here{n}@example.com"] = f"Here {n}"
        make_lead(self.world.connection.team, email=f"here{n}@example.com", title=f"Here {n}", last_name="Ruiz")

    def meanwhile(self, words: str, below: datetime) -> None:
        """What people there do while a run is reading: a row is changed, one appears `below` the cursor, one is
        deleted, two are merged; where nothing tells of a merge, one of them vanishes.
        """
        self.told.append(words)
        n, crm = len(self.told), self.world.crm
        edited, deleted, kept, other = range(4 * n, 4 * n + 4)
        self._edit_there(edited, f"Meanwhile {n}")
        self._person(f"late{n}", f"Late {n}", at=below)
        self._delete(deleted)
        if crm.tells_merges:
            self.rows[kept] = crm.merge(CONTACTS, self.rows[kept], self.rows[other])
            del self.people[f"row{other}@example.com"]
        else:
            self._delete(other)

    def _person(self, name: str, title: str, **more: Any) -> str:
        self.people[f"{name}@example.com"] = title
        said = {"email": f"{name}@example.com", "first_name": name, "last_name": "Ruiz", "title": title}
        return self.world.crm.add(CONTACTS, **said, **more)

    def _edit_there(self, row: int, title: str) -> None:
        self.people[f"row{row}@example.com"] = title
        self.world.crm.edit(CONTACTS, self.rows[row], title=title)

    def _edit_here(self, row: int, title: str) -> None:
        self.people[f"row{row}@example.com"] = title
        with attributed(origin="test"):
            Lead.objects.filter(email=f"row{row}@example.com").update(title=title)

    def _delete(self, row: int) -> None:
        self.world.crm.delete(CONTACTS, self.rows[row])
        self.gone.add(f"row{row}@example.com")

    # Runs

    def requests(self, act: Callable[[], Any]) -> list[Request]:
        """What `act` asks for, in order."""
        before = len(self.world.crm.calls)
        act()
        seen, found = Counter[str](), []
        for operation in self.world.crm.calls[before:]:
            found.append(Request(operation, seen[operation]))
            seen[operation] += 1
        return found

    def broken(self, fault: str, at: Request, act: Callable[[Connection], SyncRun | None] = sync_now) -> bool:
        """A run that meets the fault at that request. Whether it came so far."""
        crm = self.world.crm
        crm.faults.clear()
        crm.fail(fault, at.operation, skip=at.place)
        Connection.objects.filter(pk=self.world.connection.pk).update(lease_until=None)  # of who died, in time
        try:
            act(self.world.connection)
        except Killed:
            assert claim(self.world.connection.pk) is None, "the lease of who died goes on"
        met = crm.faults[0].times == 0
        crm.faults.clear()
        return met

    # What must be true

    def differences(self) -> list[str]:
        """In words; empty: nothing was lost and nothing doubled, and both sides hold the same."""
        here, there = defaultdict(list), defaultdict(list)
        for email, title in Lead.objects.values_list("email", "title"):
            here[email].append(title)
        for kind in set(PEOPLE) & set(self.world.connector.kinds):
            for record in self.world.crm.living(kind):
                held = self.world.crm.get(kind, record.id)
                there[held["email"]].append(held["title"])
        wrong = list[str]()
        for side, found, without in (("here", here, set[str]()), ("there", there, self.gone)):
            for email in sorted(self.people.keys() | found.keys()):
                must = [self.people[email]] if email in self.people.keys() - without else []
                if found[email] != must:
                    wrong.append(f"{email} {side}: {found[email]}, not {must}")
        wrong += self._others()
        return [f"{words} ({', '.join(self._turns_of(words))})" for words in wrong]

    def _turns_of(self, words: str) -> list[str]:
        numbers = {int(each) for each in re.findall(r"\d+", words)}
        return [f"turn {n}: {said}" for n, said in enumerate(self.told, 1) if n in numbers]

    def _others(self) -> list[str]:
        deals = Counter(Deal.objects.values_list("external_id", flat=True))
        wrong = [f"deal {id}: {deals[id]} times" for id in self.deals | deals.keys() if deals[id] != 1]
        made = Counter(SyncEntry.objects.filter(what=SyncWhat.MADE_HERE).values_list("kind", "external_id"))
        wrong += [f"{ref} was made here {times} times" for ref, times in made.items() if times > 1]
        links = Link.objects.filter(kind__in=PEOPLE, gone_at=None)
        numbers = {"links": (links.count(), len(self.people) - len(self.gone)),
                   "links of nobody": (links.filter(lead=None).count(), 0),
                   "events": (Event.objects.count(), self.acts)}  # fmt: skip
        return wrong + [f"{found} {what}, not {must}" for what, (found, must) in numbers.items() if found != must]

    def below(self) -> datetime:
        """A moment before that up to which contacts have been read."""
        at = Cursor.objects.get(connection=self.world.connection, kind=CONTACTS).at
        assert at
        return at - timedelta(seconds=1)
