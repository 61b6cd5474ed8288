"""An Odoo: JSON-RPC, and from 19 on JSON-2 as well; `version` says which it is.

Empty is false, references are [id, name], moments have no zone and no fractions though they are kept with them. What is
lost is archived. One missing record fails a whole write. Of what is deleted nothing remains.
"""

import json
from datetime import datetime
from typing import Any, ClassVar

from leads.enums import CrmKind
from tests.fakes.crm import Record
from tests.fakes.odoo_words import (
    ACTIVITIES,
    COMMON,
    COUNTRIES,
    FIELDS,
    KINDS,
    LEAD,
    PARTNER,
    PERSON,
    STAGES,
    as_shown,
    matches,
    stage,
)
from tests.fakes.served import Request, Response, ServedCrm


class Trouble(Exception):
    def __init__(self, name: str, message: str, status: int = 422):
        super().__init__(message)
        self.name, self.status = name, status


class OdooCrm(ServedCrm):
    slug = "odoo"
    version = 14
    tells_merges = False
    names: ClassVar = {
        CrmKind.COMPANIES: {"domain": "website", "country": "country_id"},
        CrmKind.CONTACTS: PERSON,
        CrmKind.LEADS: PERSON | {"email": "email_from"},
        CrmKind.DEALS: {"stage": "stage_id", "amount": "expected_revenue", "owner": "user_id",
                        "closed_at": "date_closed"},
    }  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.options = {"database": "acme", "login": "sync@acme.example"}
        self.secrets = {"api_key": "key"}

    def edit(self, kind: str, id: str, **more: Any) -> None:
        if {"first_name", "last_name"} & more.keys():
            more = self._names(kind, id) | more
        super().edit(kind, id, **more)

    def get(self, kind: str, id: str) -> dict[str, Any]:
        return super().get(kind, id) | self._names(kind, id)

    def _names(self, kind: str, id: str) -> dict[str, str]:
        values = self.records[kind, id].values
        first, _, last = str(values.get("name" if kind == CrmKind.CONTACTS else "contact_name") or "").partition(" ")
        return {"first_name": first, "last_name": last}

    def act(self, what: str, at: datetime, *, links: dict[str, list[str]], **values: Any) -> str:
        """What was planned and is done is a message, with the kind of activity it was."""
        activity = {"call_held": 2, "meeting_held": 3}.get(what, 1)
        done = {"message_type": "notification", "mail_activity_type_id": activity, "date": at} | values
        people = [(kind, id) for kind, ids in links.items() for id in ids]
        return [self.add(CrmKind.ACTIVITIES, at=at, links={kind: [id]}, **done) for kind, id in people][-1]

    def named(self, kind: str, values: dict[str, Any]) -> dict[str, Any]:
        values = super().named(kind, values)
        if kind in (CrmKind.CONTACTS, CrmKind.LEADS) and {"first_name", "last_name"} & values.keys():
            name = f"{values.pop('first_name', '')} {values.pop('last_name', '')}".strip()
            values["name" if kind == CrmKind.CONTACTS else "contact_name"] = name
        if kind == CrmKind.DEALS and "stage_id" in values:
            values |= stage(values["stage_id"])
        return values

    # Requests

    def operation(self, request: Request) -> str:
        model, method, named = _called(request)
        if not model:
            return "token"
        kind = _kind_of(model, named.get("domain") or [])
        if method in ("write", "create") and model in FIELDS:
            return f"push:{kind}"
        if method != "search_read" or model not in FIELDS:
            return "stages" if model == "crm.stage" else "fields" if method == "fields_get" else "setup"
        if named["fields"] == ["id"]:
            return f"ids:{kind}" if "limit" in named else f"there:{kind}"
        tested = {term[0] for term in named["domain"] if isinstance(term, list)}
        if "email_normalized" in tested:
            return f"match:{kind}"
        if ["id", "in"] in [term[:2] for term in named["domain"]]:
            return f"read:{kind}"
        return f"pull:{kind}"

    def trouble(self, do: str) -> Response:
        match do:
            case "busy":
                return Response(429, "Too many requests")
            case "away":
                return Response(502, "Bad gateway")
        return Response(403, {"name": "odoo.exceptions.AccessDenied", "message": "Access Denied"})

    def answer(self, request: Request) -> Response:
        if request.path.startswith("/json/2/"):
            return self._json_2(request)
        if self.version >= 22:
            return Response(404, "Not found")
        params = request.json()["params"]
        if params["service"] == "common":
            return _result(self._common(params["method"], params["args"]))
        database, user, key, model, method, positional, named = params["args"]
        try:
            if (database, user, key) != ("acme", 2, "key"):
                raise Trouble("odoo.exceptions.AccessDenied", "Access Denied")
            _, _, called = _called(request)
            return _result(self._execute(model, method, called))
        except Trouble as trouble:
            data = {"name": trouble.name, "message": str(trouble), "arguments": [], "debug": "Traceback …"}
            error = {"code": 200, "message": "Odoo Server Error", "data": data}
            return Response(200, {"jsonrpc": "2.0", "id": 1, "error": error})

    def _common(self, method: str, args: list[Any]) -> Any:
        if method == "version":
            return {"server_version": f"{self.version}.0", "server_version_info": [self.version, 0, 0, "final", 0, ""]}
        return 2 if args[:3] == ["acme", "sync@acme.example", "key"] else False

    def _json_2(self, request: Request) -> Response:
        try:
            if self.version < 19:
                return Response(404, "Not found")
            if request.headers.get("authorization") != "bearer key":
                return Response(401, {"name": "werkzeug.exceptions.Unauthorized", "message": "Invalid apikey"})
            model, method, named = _called(request)
            return Response(200, self._execute(model, method, named))
        except Trouble as trouble:
            return Response(trouble.status, {"name": trouble.name, "message": str(trouble), "debug": "Traceback …"})

    # Models

    def _execute(self, model: str, method: str, named: dict[str, Any]) -> Any:
        match method:
            case "search_read":
                return self._search_read(model, named)
            case "write":
                return self._write(model, named["ids"], named["vals"])
            case "create":
                return self._create(model, named["vals_list"])
            case "fields_get":
                fields = self._fields(model).items()
                return {name: {"string": name, "type": type_, "readonly": name in COMMON, "relation":
                               "res.users" if name == "user_id" else ""} for name, type_ in fields}  # fmt: skip
            case "get_param":
                return self.account
            case "context_get":
                return {"lang": "en_US", "tz": "UTC", "uid": 2}
            case "check_access_rights" | "has_access":
                return True
        raise Trouble("builtins.AttributeError", f"The method '{model}.{method}' does not exist", 404)

    def _search_read(self, model: str, named: dict[str, Any]) -> list[dict[str, Any]]:
        if model not in FIELDS:
            rows = {
                "crm.stage": [
                    {"id": id, "name": name.title(), "is_won": won, "sequence": id} for id, name, won in STAGES
                ],
                "mail.activity.type": [{"id": id, "name": name, "category": what} for id, name, what in ACTIVITIES],
                "res.country": [{"id": id, "code": code} for id, code, _ in COUNTRIES],
                "ir.model": [{"id": n, "model": name} for n, name in enumerate(FIELDS)],
            }[model]
            return [row for row in rows if matches(row, named["domain"])]
        known = {"id", *self._fields(model)}
        if unknown := next((name for name in named["fields"] if name not in known), None):
            raise Trouble("builtins.ValueError", f"Invalid field '{unknown}' on model '{model}'", 500)
        found = [flat for record in self._all(model) if matches(flat := self._flat(model, record), named["domain"])]
        if not (named.get("context") or {}).get("active_test", True):
            shown = found
        else:
            shown = [flat for flat in found if flat.get("active", True)]
        shown.sort(key=lambda flat: flat["id"], reverse=named.get("order") == "id desc")
        return [as_shown(flat, ["id", *named["fields"]]) for flat in shown[: named.get("limit") or None]]

    def _all(self, model: str) -> list[Record]:
        now = self.now()
        return [
            record for (kind, _), record in self.records.items()
            if kind in KINDS[model] and not record.archived and record.visible_at <= now
        ]  # fmt: skip

    def _flat(self, model: str, record: Record) -> dict[str, Any]:
        """A record with the values of the database: moments to the microsecond, references by id."""
        flat = dict.fromkeys(self._fields(model), False) | {"active": True} | record.values
        flat |= {"id": int(record.id), "create_date": record.created_at, "write_date": record.modified_at}
        companies, contacts = (record.links.get(kind, []) for kind in (CrmKind.COMPANIES, CrmKind.CONTACTS))
        if model == PARTNER:
            flat |= {"is_company": record.kind == CrmKind.COMPANIES, "type": "contact"}
            flat["parent_id"] = int(companies[0]) if companies else False
        if model == LEAD:
            flat["type"] = "opportunity" if record.kind == CrmKind.DEALS else "lead"
            partner = next(iter([*contacts, *companies]), None)
            flat["partner_id"] = int(partner) if partner else False
        if model == "mail.message":
            of = CrmKind.LEADS if record.links.get(CrmKind.LEADS) else CrmKind.CONTACTS
            flat |= {"model": LEAD if of == CrmKind.LEADS else PARTNER, "res_id": int(record.links[of][0])}
        flat["email_normalized"] = str(flat.get("email") or flat.get("email_from") or "").lower() or False
        return flat

    def _write(self, model: str, ids: list[int], values: dict[str, Any]) -> bool:
        records = [self._record(model, id) for id in ids]
        if None in records:
            raise Trouble("odoo.exceptions.MissingError", "Record does not exist or has been deleted.", 404)
        self._check(model, values)
        for record in records:
            if refused := self.refused.get(record.id):
                raise Trouble("odoo.exceptions.ValidationError", refused)
        for record in records:
            self.write(record.kind, record.id, values)
        return True

    def _create(self, model: str, rows: list[dict[str, Any]]) -> list[int]:
        if model == "ir.model.fields":
            [row] = rows
            name = list(FIELDS)[row["model_id"]]
            made = self.made_fields.setdefault(name, {})
            if row["name"] in made:
                raise Trouble("psycopg2.errors.UniqueViolation", "Field names must be unique per model.", 500)
            made[row["name"]] = row["ttype"]
            return [len(made)]
        for row in rows:
            self._check(model, row)
            if refused := self.refused.get(row.get("email") or row.get("email_from") or ""):
                raise Trouble("odoo.exceptions.ValidationError", refused)
        kind = CrmKind.CONTACTS if model == PARTNER else CrmKind.LEADS
        return [int(self.write(kind, self.new_id(kind), row).id) for row in rows]

    def _check(self, model: str, values: dict[str, Any]) -> None:
        for name, value in values.items():
            type_ = self._fields(model).get(name)
            if type_ is None:
                raise Trouble("builtins.ValueError", f"Invalid field '{name}' on model '{model}'", 500)
            if type_ == "many2one" and isinstance(value, str):
                raise Trouble("builtins.ValueError", f"Wrong value for {model}.{name}: '{value}'", 500)

    def _record(self, model: str, id: int) -> Any:
        found = [self.records.get((kind, str(id))) for kind in KINDS[model]]
        return next((record for record in found if record and not record.archived), None)

    def _fields(self, model: str) -> dict[str, str]:
        fields = dict(FIELDS[model])
        if self.version >= 15 and "lost_reason" in fields:
            fields["lost_reason_id"] = fields.pop("lost_reason")
        return fields | self.made_fields.get(model, {})


def _called(request: Request) -> tuple[str, str, dict[str, Any]]:
    """(model, method, arguments by name), whichever way it came; ("", …) for what is of no model."""
    if request.path.startswith("/json/2/"):
        model, method = request.path.removeprefix("/json/2/").split("/")
        return model, method, request.json() or {}
    params = request.json()["params"]
    if params["service"] != "object":
        return "", params["method"], {}
    model, method, positional, named = params["args"][3:]
    if positional:
        named = named | {"vals_list" if method == "create" else "ids": positional[0]}
    return model, method, named


def _kind_of(model: str, domain: list[Any]) -> str:
    if model == PARTNER and ["is_company", "=", True] in domain:
        return CrmKind.COMPANIES
    if model == LEAD and ["type", "=", "opportunity"] in domain:
        return CrmKind.DEALS
    return {PARTNER: CrmKind.CONTACTS, LEAD: CrmKind.LEADS}.get(model) or (KINDS.get(model) or ("setup",))[0]


def _result(value: Any) -> Response:
    return Response(200, {"jsonrpc": "2.0", "id": 1, "result": json.loads(json.dumps(value))})


class Odoo19Crm(OdooCrm):
    version = 19
