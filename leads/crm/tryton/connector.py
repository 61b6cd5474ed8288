"""Tryton, by the JSON-RPC that its own client speaks. A party is a contact; an opportunity is a deal.

All that Tryton knows of a party beside its name are contact mechanisms: its e-mail address, its phone, and under
"other" whatever people name. Our fields are such mechanisms too, and stand on the party where sales sees them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from leads.crm.base import Connector
from leads.crm.tryton.api import Api
from leads.crm.tryton.rows import (
    DEAL,
    EMPLOYEE,
    FIELDS,
    KNOWN,
    LIVING,
    MECHANISM,
    MODEL,
    PARTY,
    STAGES,
    field_of,
    literal,
    mechanism,
    row_of,
    value_of,
    within,
)
from leads.crm.values import plain
from leads.crm.words import (
    Access,
    Check,
    CrmError,
    IdPage,
    OurField,
    Page,
    PushResult,
    PushRow,
    RemoteField,
    RemoteStage,
    Row,
    Setting,
    Window,
)
from leads.enums import CrmKind

RECENT = 200  # parties that are looked at for what people put there under a name of their own


class Tryton(Connector):
    slug, name = "tryton", "Tryton"
    kinds = (CrmKind.OWNERS, CrmKind.CONTACTS, CrmKind.DEALS)
    page = 1000
    most_pushed = 200
    settings = (
        Setting("database", "Database"),
        Setting("login", "User", "It needs a company, and rights on parties and opportunities."),
        Setting("password", "Password", kind="password", secret=True),
    )
    defaults: ClassVar[Mapping[str, Mapping[str, str]]] = {
        CrmKind.CONTACTS: {"name": "name", "email": "email", "phone": "phone", "website": "website", "title": "title"},
        CrmKind.DEALS: {
            "description": "name", "state": "stage", "amount": "amount", "start_date": "opened_at",
            "end_date": "closed_at", "lost_reason": "lost_reason", "employee": "owner",
        },
    }  # fmt: skip

    def __init__(self, access: Access):
        super().__init__(access)
        self.api = Api(access)
        self.http = self.api.http

    def account(self) -> str:
        """The name of the database; of two with one name, by the moment at which its first company was made."""
        [company] = self.api.rows("company.company", [], ["create_date"], 1)
        return f"database {self.access.options.get('database', '')}, since {value_of(company['create_date'])}"[:150]

    def test(self) -> list[Check]:
        found = [_check("Key", lambda: self.api.call("res.user", "get_preferences", True))]
        if not found[0].ok:
            return found
        return [
            *found,
            _check("Read parties", lambda: self.api.call(PARTY, "search", [], 0, 1, None)),
            _check("Read opportunities", lambda: self.api.call(DEAL, "search", [], 0, 1, None)),
        ]

    def fields(self, kind: str) -> list[RemoteField]:
        """Of a party also what the newest ones have among "other", under the name that people gave it."""
        names = [*FIELDS[kind], "create_date", "write_date"]
        rows = [row_of(kind, each) for each in self.api.rows(MODEL[kind], self._after(kind, ""), names, RECENT, "DESC")]
        is_party = kind == CrmKind.CONTACTS
        samples: dict[str, list[str]] = {name: [] for name in (("name", *KNOWN) if is_party else FIELDS[kind])}
        samples |= {name: [] for name in (self._named() if is_party else ())}
        for row in rows:
            for name, value in row.values.items():
                if name not in ("id", "create_date", "write_date", "replaced_by") and value:
                    samples.setdefault(name, []).append(plain(value))
        return [
            RemoteField(name, name, "owner" if name == "employee" else "text", (), is_party,
                        tuple(dict.fromkeys(some))[:3])
            for name, some in samples.items()
        ]  # fmt: skip

    def stages(self) -> list[RemoteStage]:
        return [
            RemoteStage("sale", "Opportunities", stage, stage.title(), state, n)
            for n, (stage, state) in enumerate(STAGES.items())
        ]

    def pull(self, kind: str, window: Window, after: str, fields: Sequence[str]) -> Page:
        domain = self._after(kind, after)
        if kind != CrmKind.OWNERS:
            domain.append(within(window, of_mechanisms=kind == CrmKind.CONTACTS))
        records = self.api.rows(MODEL[kind], domain, [*FIELDS[kind], "create_date", "write_date"], self.page)
        rows = self._followed(kind, [row_of(kind, record) for record in records])
        return Page(rows, str(records[-1]["id"]) if len(records) == self.page else "")

    def read(self, kind: str, ids: Sequence[str], fields: Sequence[str]) -> list[Row]:
        names = [*FIELDS[kind], "create_date", "write_date"]
        domain = [["id", "in", [int(id) for id in ids]], *LIVING.get(kind, [])]
        return [row_of(kind, record) for record in self.api.rows(MODEL[kind], domain, names)]

    def match(self, kind: str, emails: Sequence[str], fields: Sequence[str]) -> list[Row]:
        return self.read(kind, sorted(set(self._known(emails).values())), fields)

    def ids(self, kind: str, after: str) -> IdPage:
        later = [*self._after(kind, after), *LIVING.get(kind, [])]
        ids = [str(id) for id in self.api.call(MODEL[kind], "search", later, 0, self.page, [["id", "ASC"]])]
        return IdPage(ids, ids[-1] if len(ids) == self.page else "")

    def ensure_fields(self, kind: str, fields: Sequence[OurField]) -> list[str]:
        """Tryton has no fields to make. That a name is in use is written on the party of one's own company."""
        there = self._named()
        missing = [field for field in fields if self.name_of(field.key) not in there]
        made = [
            {"party": self._company, "type": "other", "name": self.name_of(field.key), "value": field.label}
            for field in missing
        ]
        if made:
            self.api.call(MECHANISM, "create", made)
        return [self.name_of(field.key) for field in missing]

    @classmethod
    def name_of(cls, key: str) -> str:
        return f"leadscore_{key}"

    def push(self, kind: str, rows: Sequence[PushRow]) -> list[PushResult]:
        """Three requests for any number of rows: what mechanisms there are, which are changed, which are made."""
        known = self._known([row.email for row in rows if not row.id and row.email])
        ids = {row.key: row.id or known.get(row.email.lower(), "") for row in rows}
        results = self._write([row for row in rows if ids[row.key]], ids)
        new = [row for row in rows if not ids[row.key]]
        first = {row.email.lower() or f"#{row.key}": row for row in reversed(new)}
        results |= self._make(list(first.values()))
        again = "Another lead of this request has the same address."
        later = {row.key: PushResult(row.key, ok=False, error=again, again=True) for row in new}
        return [(later | results)[row.key] for row in rows]

    def _named(self) -> list[str]:
        """The names of ours that are in use."""
        domain = [["party", "=", self._company], ["type", "=", "other"], ["name", "!=", None]]
        return [each["name"] for each in self.api.rows(MECHANISM, domain, ["name"])]

    def _followed(self, kind: str, rows: Sequence[Row]) -> list[Row]:
        """In place of a party that was replaced by another comes that other, and names it as part of it."""
        masters = {row.id: plain(row.values.get("replaced_by")) for row in rows if row.values.get("replaced_by")}
        found = {row.id: row for row in rows if row.id not in masters}
        absent = sorted(set(masters.values()) - found.keys())
        found |= {row.id: row for row in self.read(kind, absent, ())} if absent else {}
        for id, master in masters.items():
            if master in found:
                found[master] = replace(found[master], merged=(*found[master].merged, id))
        return list(found.values())

    def _after(self, kind: str, after: str) -> list[Any]:
        """One's own companies and whoever works there are parties too, and no leads."""
        domain: list[Any] = [["id", ">", int(after)]] if after else []
        return [*domain, ["id", "not in", self._own]] if kind == CrmKind.CONTACTS else domain

    @cached_property
    def _company(self) -> int:
        """The party of one's own company."""
        [company] = self.api.rows("company.company", [["id", "=", self.api.context["company"]]], ["party"])
        return int(company["party"])

    @cached_property
    def _own(self) -> list[int]:
        models = ("company.company", EMPLOYEE)
        return [each["party"] for model in models for each in self.api.rows(model, [], ["party"])]

    # Writing

    def _write(self, rows: Sequence[PushRow], ids: Mapping[int, str]) -> dict[int, PushResult]:
        """All at once; where one of them spoils it, those that are gone are told and the others tried in halves."""
        if not rows:
            return {}
        numbers = sorted({int(ids[row.key]) for row in rows})
        there = {str(row["id"]): row for row in self.api.rows(PARTY, [["id", "in", numbers]], FIELDS[CrmKind.CONTACTS])}
        gone = {
            row.key: PushResult(row.key, ids[row.key], ok=False, error="There is no such party any more.", gone=True)
            for row in rows if ids[row.key] not in there
        }  # fmt: skip
        left = [row for row in rows if row.key not in gone]
        try:
            self._put([(there[ids[row.key]], row) for row in left])
            return gone | {row.key: PushResult(row.key, ids[row.key]) for row in left}
        except CrmError as error:
            if not error.permanent:
                raise
            if len(left) == 1:
                return gone | {left[0].key: PushResult(left[0].key, ids[left[0].key], ok=False, error=str(error))}
            half = len(left) // 2
            return gone | self._write(left[:half], ids) | self._write(left[half:], ids)

    def _put(self, pairs: Sequence[tuple[Mapping[str, Any], PushRow]]) -> None:
        """One request: Tryton writes any number of different values in one transaction, parties with what is theirs."""
        parts: list[Any] = []
        for party, row in pairs:
            held = {field_of(each): each["id"] for each in reversed(party["contact_mechanisms."])}
            values: dict[str, Any] = {"name": row.values["name"]} if row.values.get("name") else {}
            commands: list[Any] = []
            for name, text in ((name, plain(value)) for name, value in row.values.items() if name != "name"):
                if name in held:
                    commands.append(["write", [held[name]], {"value": text}] if text else ["delete", [held[name]]])
                elif text:
                    commands.append(["create", [mechanism(name, text)]])
            parts += [[party["id"]], values | {"contact_mechanisms": commands}]
        if parts:
            self.api.call(PARTY, "write", *parts)

    def _make(self, rows: Sequence[PushRow]) -> dict[int, PushResult]:
        if not rows:
            return {}
        made = []
        for row in rows:
            values = {"email": row.email} | {name: plain(value) for name, value in row.values.items() if plain(value)}
            name = values.pop("name", "") or row.email
            mechanisms = [mechanism(field, text) for field, text in values.items() if text]
            made.append({"name": name, "contact_mechanisms": [["create", mechanisms]]})
        try:
            ids = self.api.call(PARTY, "create", made, once=True)
            return {row.key: PushResult(row.key, str(id), made=True) for row, id in zip(rows, ids, strict=True)}
        except CrmError as error:
            if not error.permanent:
                raise
            if len(rows) == 1:
                return {rows[0].key: PushResult(rows[0].key, ok=False, error=str(error))}
            half = len(rows) // 2
            return self._make(rows[:half]) | self._make(rows[half:])

    def _known(self, emails: Sequence[str]) -> dict[str, str]:
        """{address in small letters: the party that has it}, of several the first."""
        either = [["value", "ilike", literal(email)] for email in sorted({email.lower() for email in emails})]
        domain = [["type", "=", "email"], ["OR", *either]]
        found = self.api.rows(MECHANISM, domain, ["value", "party"]) if either else []
        return {each["value"].lower(): str(each["party"]) for each in reversed(found)}


def _check(name: str, look: Callable[[], Any]) -> Check:
    try:
        look()
    except CrmError as error:
        forbidden = "not allowed" in str(error)
        hint = " Give the user the group Sale Opportunity, under Administration, Users." if forbidden else ""
        return Check(name, ok=False, words=f"{error}{hint}")
    return Check(name, ok=True)
