"""A CRM that exists only while a test runs: it keeps records, has a clock, and fails where it is told to.

Tests speak to it in neutral names ("first_name", "owner"); each fake says what its CRM calls them. What a fake serves
over HTTP (tests/fakes/hubspot.py …) is read from and written to the records here, so all faults mean the same
everywhere.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import RLock
from typing import Any, ClassVar


@dataclass
class Record:
    """`values` by the CRM's own names. Not visible before `visible_at`, whatever its time stamps say."""

    kind: str
    id: str
    values: dict[str, Any]
    created_at: datetime
    modified_at: datetime
    visible_at: datetime
    links: dict[str, list[str]] = field(default_factory=dict)
    merged: list[str] = field(default_factory=list)
    archived: bool = False
    by_us: bool = False


@dataclass
class Fault:
    """What goes wrong with the next requests of an operation (pull, pull:deals, read, ids, push, token …; "": any).

    `do`: busy (429), told (429, and to come back in two minutes), away (500), expired (401), denied (403), cut (an
    answer that ends in its middle), lost (it is done, and then nobody answers), killed (it is done, and then whoever
    asked is no more). `skip` requests pass before, then `times` of them meet it.
    """

    do: str
    on: str = "pull"
    skip: int = 0
    times: int = 1


class FakeCrm:
    """The records, and what tests do with them. `calls` are the operations asked for, in order."""

    names: ClassVar[dict[str, dict[str, str]]] = {}  # {kind: {neutral: theirs}}; not listed: the same
    slug: ClassVar[str] = ""
    tells_merges: ClassVar[bool] = True
    page: ClassVar[int] = 20  # rows of a page; the contract suite has the connector ask for so many

    def __init__(self) -> None:
        self.lock = RLock()
        self.records: dict[tuple[str, str], Record] = {}
        self.made_fields: dict[str, dict[str, Any]] = {}
        self.faults: list[Fault] = []
        self.refused: dict[str, str] = {}  # {id or e-mail address: what is wrong with it}
        self.calls: list[str] = []
        self.behind = timedelta(0)  # set to freeze nothing, but to live in the past or future
        self.account = "1"  # the number of the portal, org or database
        self.rewrites: Callable[[str, Any], Any] = lambda name, value: value  # the form in which what we write is kept
        self.base_url = ""
        self.options: dict[str, Any] = {}  # of the connection
        self.secrets: dict[str, str] = {}
        self.violations: list[str] = []  # of the CRM's published contract, where there is one
        self.checks_contract = True
        self.stumbles = ""  # a `do`: each request meets it once, and passes when it is made again
        self.stumbled = ""
        self.most = 10_000  # rows that a query gives in all, where there is such a limit
        self.numbers = count(101)
        self.on_call: Any = None  # called with the operation before each request: to change things meanwhile
        self.kill: Any = None  # ends whoever asks

    # What tests do

    def add(self, kind: str, /, *, id: str = "", at: datetime | None = None, late: timedelta = timedelta(0),
            links: dict[str, list[str]] | None = None, **values: Any) -> str:  # fmt: skip
        """A new record. `at`: its time stamp; `late`: it becomes visible so much later than that."""
        with self.lock:
            at, id = at or self.now(), id or self.new_id(kind)
            self.records[kind, id] = Record(kind, id, self.named(kind, values), at, at, at + late, links or {})
            return id

    def edit(self, kind: str, id: str, /, *, at: datetime | None = None, late: timedelta = timedelta(0),
             links: dict[str, list[str]] | None = None, **values: Any) -> None:  # fmt: skip
        """Somebody there changes a record."""
        with self.lock:
            record = self.records[kind, id]
            record.values |= self.named(kind, values)
            record.modified_at = at or self.now()
            record.visible_at, record.by_us = record.modified_at + late, False
            if links is not None:
                record.links = links

    def act(self, what: str, at: datetime, *, links: dict[str, list[str]], **values: Any) -> str:
        """Somebody there calls, meets or mails people."""
        return self.add("activities", at=at, links=links, kind=what, occurred_at=at, **values)

    def delete(self, kind: str, id: str) -> None:
        with self.lock:
            record = self.records[kind, id]
            record.archived, record.modified_at = True, self.now()

    def merge(self, kind: str, keep: str, other: str) -> str:
        """The other becomes part of the first; the id of what both are now."""
        with self.lock:
            kept, gone = self.records[kind, keep], self.records[kind, other]
            kept.merged += [other, *gone.merged]
            kept.values = {**gone.values, **{name: value for name, value in kept.values.items() if value}}
            kept.modified_at = kept.visible_at = self.now()
            del self.records[kind, other]
            return keep

    def get(self, kind: str, id: str) -> dict[str, Any]:
        """The values of a record by neutral names."""
        back = {theirs: ours for ours, theirs in self.names.get(kind, {}).items()}
        return {back.get(name, name): value for name, value in self.records[kind, id].values.items()}

    def living(self, kind: str) -> list[Record]:
        """What can be seen of a kind now, by id."""
        with self.lock:
            found = [
                record for (of, _), record in self.records.items()
                if of == kind and not record.archived and record.visible_at <= self.now()
            ]  # fmt: skip
        return sorted(found, key=lambda record: self.order(record.id))

    def fail(self, do: str, on: str = "pull", *, skip: int = 0, times: int = 1) -> None:
        self.faults.append(Fault(do, on, skip, times))

    def counted(self, operation: str) -> int:
        return sum(call.partition(":")[0] == operation for call in self.calls)

    # What fakes need

    def meet(self, operation: str) -> str:
        """Note the request; what goes wrong with it, if anything: the `do` of a fault."""
        with self.lock:
            self.calls.append(operation)
            if self.on_call:
                self.on_call(operation)
            if self.stumbles and operation != "token":
                self.stumbled = "" if self.stumbled == operation else operation
                return self.stumbles if self.stumbled else ""
            for fault in self.faults:
                if fault.on not in ("", operation, operation.partition(":")[0]):
                    continue
                if fault.skip:
                    fault.skip -= 1
                elif fault.times:
                    fault.times -= 1
                    return fault.do
            return ""

    def write(self, kind: str, id: str, values: dict[str, Any]) -> Record:
        """Our own program writes there; values by their names."""
        with self.lock:
            now = self.now()
            record = self.records.get((kind, id))
            if record is None:
                record = self.records[kind, id] = Record(kind, id, {}, now, now, now)
            record.values |= {name: self.rewrites(name, value) for name, value in values.items()}
            record.modified_at, record.by_us = now, True
            return record

    def find(self, kind: str, name: str, value: Any) -> Record | None:
        with self.lock:
            for record in self.records.values():
                if record.kind == kind and not record.archived and record.values.get(name) == value:
                    return record
        return None

    def changed(self, kind: str, start: datetime | None, end: datetime, after: str = "") -> Iterable[Record]:
        """What changed within the window, after that id, by id."""
        for record in self.living(kind):
            if (start is None or record.modified_at >= start) and record.modified_at <= end:
                if not after or self.order(record.id) > self.order(after):
                    yield record

    def now(self) -> datetime:
        return datetime.now(UTC) + self.behind

    def new_id(self, kind: str) -> str:
        return str(next(self.numbers))

    def order(self, id: str) -> Any:
        return int(id)

    def named(self, kind: str, values: dict[str, Any]) -> dict[str, Any]:
        names = self.names.get(kind, {})
        return {names.get(name, name): value for name, value in values.items()}
