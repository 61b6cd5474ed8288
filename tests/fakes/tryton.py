"""A real Tryton, behind a door that lets requests through and makes them fail as tests ask.

Its venv and a database made once are in TRYTON (make test-tryton); each server has a copy of that database.
"""

import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Self

import requests

from leads.crm.tryton.rows import LIVING, field_of
from leads.enums import CrmKind
from tests.fakes.crm import Record
from tests.fakes.served import Request, Response, ServedCrm
from tests.ops.installation import free_port

HOME = Path(os.environ.get("TRYTON", "."))
MODEL = {CrmKind.OWNERS: "company.employee", CrmKind.CONTACTS: "party.party", CrmKind.DEALS: "sale.opportunity"}
TABLE = {CrmKind.CONTACTS: "party_party", CrmKind.DEALS: "sale_opportunity"}
PASSWORD = "quiet-river-42"
NAMES = ("first_name", "last_name")


class TrytonServer:
    """trytond on a copy of the database, for as long as the tests of one file run."""

    def __enter__(self) -> Self:
        self.folder, self.port = tempfile.mkdtemp(), free_port()
        self.database = Path(self.folder, "crm.sqlite")
        shutil.copy(HOME / "crm.sqlite", self.database)
        config = f"[database]\nuri = sqlite://\npath = {self.folder}\n[web]\nlisten = 127.0.0.1:{self.port}\n"
        Path(self.folder, "conf").write_text(config)
        command = [HOME / "bin" / "trytond", "-c", Path(self.folder, "conf"), "-d", "crm"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.headers: dict[str, str] = {}
        self.context: dict[str, Any] = {}
        self._wait()
        self._found()
        return self

    def __exit__(self, *_: Any) -> None:
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.folder)

    def ask(self, method: str, *params: Any) -> Any:
        body = {"id": 0, "method": method, "params": list(params)}
        answer = requests.post(f"http://127.0.0.1:{self.port}/crm/rpc/", json=body, headers=self.headers, timeout=60)
        answer.raise_for_status()
        assert "error" not in answer.json(), answer.json()["error"]
        return answer.json()["result"]

    def call(self, model: str, method: str, *params: Any) -> Any:
        return self.ask(f"model.{model}.{method}", *params, self.context)

    def sql(self, statement: str, *values: Any) -> None:
        """What no request can set: when something was written."""
        with sqlite3.connect(self.database, timeout=30) as connection:
            connection.execute(statement, values)
        connection.close()

    def _wait(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with suppress(requests.ConnectionError):
                user, session, _ = self.ask("common.db.login", "admin", {"password": PASSWORD}, "en")
                key = b64encode(f"admin:{user}:{session}".encode()).decode()
                self.headers, self.user = {"Authorization": f"Session {key}"}, user
                return
            time.sleep(0.1)
        raise RuntimeError("Tryton did not start within a minute.")

    def _found(self) -> None:
        """A company, without which nothing can be done."""
        [currency] = self.call("currency.currency", "create", [{"name": "Euro", "code": "EUR", "symbol": "€"}])
        [party] = self.call("party.party", "create", [{"name": "Our company"}])
        [company] = self.call("company.company", "create", [{"party": party, "currency": currency}])
        self.call("res.user", "write", [self.user], {"companies": [["add", [company]]], "company": company})
        self.own, self.context = party, {"company": company, "active_test": False}


class TrytonCrm(ServedCrm):
    """The door. What tests add, edit and look at goes to the server past it."""

    slug = "tryton"
    real: ClassVar[TrytonServer]

    def __enter__(self) -> Self:
        super().__enter__()
        self.options, self.secrets = {"database": "crm", "login": "admin"}, {"password": PASSWORD}
        self.real.sql("UPDATE sale_opportunity SET state = 'cancelled'")
        for kind in (CrmKind.DEALS, CrmKind.CONTACTS):
            self.real.call(MODEL[kind], "delete", self._ids(kind))
        return self

    # What tests do

    def add(self, kind: str, *, at: datetime | None = None, links: dict[str, list[str]] | None = None,
            **values: Any) -> str:  # fmt: skip
        if kind == CrmKind.DEALS:
            party = int((links or {}).get(CrmKind.CONTACTS, [0])[0]) or None
            state = {"offer": "opportunity", "new": "lead"}.get(values["stage"], values["stage"])
            row = {"party": party, "description": values["name"], "amount": None}
            [id] = self.real.call(MODEL[kind], "create", [row])
            self.real.sql("UPDATE sale_opportunity SET state = ? WHERE id = ?", state, id)
        else:
            name = " ".join(filter(None, (values.pop(name, "") for name in NAMES))) or values.get("email", "Nobody")
            mechanisms = [_mechanism(field, value) for field, value in values.items()]
            row = {"name": name, "contact_mechanisms": [["create", mechanisms]]}
            [id] = self.real.call(MODEL[kind], "create", [row])
        self._written(kind, id, at)
        return str(id)

    def edit(self, kind: str, id: str, *, at: datetime | None = None, **values: Any) -> None:
        name = {"name": values.pop("first_name")} if "first_name" in values else {}
        held = {field_of(each): each["id"] for each in self._party(id)["contact_mechanisms."]}
        commands = [
            ["write", [held[field]], {"value": str(value)}] if field in held else ["create", [_mechanism(field, value)]]
            for field, value in values.items()
        ]
        self.real.call(MODEL[CrmKind(kind)], "write", [int(id)], name | {"contact_mechanisms": commands})
        self._written(kind, int(id), at)

    def get(self, kind: str, id: str) -> dict[str, Any]:
        party = self._party(id)
        first, _, last = party["name"].partition(" ")
        # Of two of a kind, as a merge leaves them, the party's own comes first.
        said = {field_of(each): each["value"] for each in reversed(party["contact_mechanisms."])}
        return {"first_name": first, "last_name": last} | said

    def delete(self, kind: str, id: str) -> None:
        self.real.call(MODEL[CrmKind(kind)], "delete", [int(id)])

    def merge(self, kind: str, keep: str, other: str) -> str:
        """As its wizard leaves them: who was replaced is archived and names who has all that was theirs."""
        now = self.now().replace(tzinfo=None).isoformat(" ")
        statement = "UPDATE party_party SET active = 0, replaced_by = ?, write_date = ? WHERE id = ?"
        self.real.sql(statement, keep, now, other)
        statement = "UPDATE party_contact_mechanism SET party = ?, write_date = ? WHERE party = ?"
        self.real.sql(statement, keep, now, other)
        return keep

    def living(self, kind: str) -> list[Record]:
        now, there = self.now(), LIVING.get(kind, [])
        return [Record(kind, str(id), {}, now, now, now) for id in self._ids(kind, there)]

    def _party(self, id: str) -> Any:
        names = ["name", *(f"contact_mechanisms.{name}" for name in ("type", "name", "value"))]
        return self.real.call(MODEL[CrmKind.CONTACTS], "read", [int(id)], names)[0]

    def _ids(self, kind: str, domain: Sequence[Any] = ()) -> list[int]:
        """Not its own company, which is a party too."""
        ids = self.real.call(MODEL[CrmKind(kind)], "search", list(domain), 0, None, [["id", "ASC"]])
        return [id for id in ids if kind != CrmKind.CONTACTS or id != self.real.own]

    def _written(self, kind: str, id: int, at: datetime | None) -> None:
        if at is None:
            return
        text = at.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
        self.real.sql(f"UPDATE {TABLE[CrmKind(kind)]} SET create_date = ?, write_date = NULL WHERE id = ?", text, id)
        if kind == CrmKind.CONTACTS:
            statement = "UPDATE party_contact_mechanism SET create_date = ?, write_date = NULL WHERE party = ?"
            self.real.sql(statement, text, id)

    # The door

    def operation(self, request: Request) -> str:
        called = request.json()
        model, _, method = called["method"].removeprefix("model.").rpartition(".")
        kind = next((kind for kind, name in MODEL.items() if name == model), "")
        if not kind:
            return "token" if method == "login" else "match" if method == "search_read" else "setup"
        if called["params"][4:5] == [["party"]]:
            return "setup"
        if method in ("write", "create"):
            return f"push:{kind}"
        if method == "search":
            return f"ids:{kind}"
        return f"read:{kind}" if ["id", "in"] in [term[:2] for term in called["params"][0]] else f"pull:{kind}"

    def answer(self, request: Request) -> Response:
        for id, words in self.refused.items():
            if self.operation(request).startswith("push") and [int(id)] in request.json()["params"]:
                return Response(200, {"id": 0, "error": ["UserError", [words, "", None]]})
        url = f"http://127.0.0.1:{self.real.port}{request.path}"
        headers = {name: value for name, value in request.headers.items() if name in ("authorization", "content-type")}
        answer = requests.request(request.method, url, data=request.body, headers=headers, timeout=60)
        return Response(answer.status_code, answer.text)

    def trouble(self, do: str) -> Response:
        return Response({"busy": 429, "away": 503, "expired": 401, "denied": 403}[do], do)


def _mechanism(name: str, value: Any) -> dict[str, str]:
    known = name in ("email", "phone", "mobile", "website")
    return {"type": name, "value": str(value)} if known else {"type": "other", "name": name, "value": str(value)}
