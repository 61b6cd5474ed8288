"""The smallest connector there can be: to a CRM in the memory of the test. docs/connectors.md begins with it."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from leads.crm.base import Connector
from leads.crm.words import (
    Busy,
    Check,
    Denied,
    IdPage,
    OurField,
    Page,
    PushResult,
    PushRow,
    RemoteField,
    RemoteStage,
    Row,
    Window,
)
from leads.enums import CrmKind, DealState
from tests.fakes.crm import FakeCrm, Record

STAGES = [("new", DealState.OPEN), ("offer", DealState.OPEN), ("won", DealState.WON), ("lost", DealState.LOST)]


class MemoryCrm(FakeCrm):
    slug = "memory"
    worlds: ClassVar[dict[str, "MemoryCrm"]] = {}

    def __enter__(self) -> "MemoryCrm":
        self.base_url = f"memory:{id(self)}"
        self.worlds[self.base_url] = self
        return self

    def __exit__(self, *_: Any) -> None:
        del self.worlds[self.base_url]


class Memory(Connector):
    slug, name = "memory", "Memory"
    defaults: ClassVar = {
        CrmKind.CONTACTS: {
            "email": "email", "first_name": "first_name", "last_name": "last_name", "title": "title",
            "phone": "phone", "owner": "owner",
        },
        CrmKind.COMPANIES: {"name": "name", "domain": "domain", "industry": "industry", "employees": "employees"},
        CrmKind.DEALS: {
            "name": "name", "stage": "stage", "pipeline": "pipeline", "amount": "amount", "opened_at": "opened_at",
            "closed_at": "closed_at", "owner": "owner",
        },
    }  # fmt: skip

    @property
    def crm(self) -> MemoryCrm:
        return MemoryCrm.worlds[self.access.base_url]

    @property
    def clock_ahead(self) -> float | None:
        return self.crm.behind.total_seconds()

    def account(self) -> str:
        return f"memory {self.crm.account}"

    def test(self) -> list[Check]:
        return [Check("Key", ok=True, words="It is our own memory.")]

    def fields(self, kind: str) -> list[RemoteField]:
        self._meet(f"fields:{kind}")()
        names = sorted({name for record in self.crm.living(kind) for name in record.values})
        made = self.crm.made_fields.get(kind, {})
        return [RemoteField(name, name) for name in [*names, *made]]

    def stages(self) -> list[RemoteStage]:
        return [
            RemoteStage("sales", "Sales", stage, stage.title(), state, n) for n, (stage, state) in enumerate(STAGES)
        ]

    def pull(self, kind: str, window: Window, after: str, fields: Sequence[str]) -> Page:
        after_it = self._meet(f"pull:{kind}")
        found = list(self.crm.changed(kind, window.start, window.end, after))
        rows = [_row(record) for record in found[: self.page]]
        after_it()
        return Page(rows, rows[-1].id if len(found) > self.page else "", len(found))

    def read(self, kind: str, ids: Sequence[str], fields: Sequence[str]) -> list[Row]:
        self._meet(f"read:{kind}")()
        return [_row(record) for record in self.crm.living(kind) if record.id in ids]

    def match(self, kind: str, emails: Sequence[str], fields: Sequence[str]) -> list[Row]:
        self._meet(f"match:{kind}")()
        return [_row(record) for record in self.crm.living(kind) if record.values.get("email") in emails]

    def ids(self, kind: str, after: str) -> IdPage:
        self._meet(f"ids:{kind}")()
        ids = [record.id for record in self.crm.living(kind) if not after or int(record.id) > int(after)]
        return IdPage(ids[: self.page], ids[self.page - 1] if len(ids) > self.page else "")

    def ensure_fields(self, kind: str, fields: Sequence[OurField]) -> list[str]:
        made = self.crm.made_fields.setdefault(kind, {})
        new = [self.name_of(field.key) for field in fields if self.name_of(field.key) not in made]
        made.update(dict.fromkeys(new, True))
        return new

    @classmethod
    def name_of(cls, key: str) -> str:
        return f"leadscore_{key}"

    def push(self, kind: str, rows: Sequence[PushRow]) -> list[PushResult]:
        after_it = self._meet(f"push:{kind}")
        results = [self._push(kind, row) for row in rows]
        after_it()
        return results

    def _push(self, kind: str, row: PushRow) -> PushResult:
        if problem := self.crm.refused.get(row.email) or self.crm.refused.get(row.id):
            return PushResult(row.key, row.id, ok=False, error=problem)
        record = self.crm.records.get((kind, row.id)) if row.id else self.crm.find(kind, "email", row.email)
        if row.id and (record is None or record.archived):
            return PushResult(row.key, row.id, ok=False, error="There is no such record.", gone=True)
        id = record.id if record else self.crm.new_id(kind)
        self.crm.write(kind, id, dict(row.values) if record else {"email": row.email, **row.values})
        return PushResult(row.key, id, made=record is None)

    def _meet(self, operation: str) -> Callable[[], None]:
        """Raises what goes wrong before it is done; what it gives is called after that, and raises what then does."""
        match self.crm.meet(operation):
            case "":
                return lambda: None
            case "killed":
                return self.crm.kill
            case "lost" | "cut":
                return _never_answered
            case "expired" | "denied":
                raise Denied("The key is not good.")
        raise Busy("Not now.")


def _never_answered() -> None:
    raise Busy("The answer never came.")


def _row(record: Record) -> Row:
    return Row(
        record.kind, record.id, record.modified_at, dict(record.values),
        {kind: tuple(ids) for kind, ids in record.links.items()}, record.created_at, merged=tuple(record.merged),
        archived=record.archived,
    )  # fmt: skip
