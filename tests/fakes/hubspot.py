"""A HubSpot with a memory. Every request and answer is checked against the contract (tests/fakes/specs/)."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import parse_qs

from leads.crm.hubspot.connector import VERSION
from tests.fakes import contract
from tests.fakes.crm import Record
from tests.fakes.hubspot_words import (
    PIPELINE,
    REFUSALS,
    STAMP,
    alike,
    batch,
    error,
    holds,
    iso,
    number,
    row_error,
    text,
)
from tests.fakes.served import Request, Response, ServedCrm

TOKEN = "pat-eu1-0123456789abcdef"
REFRESH = "refresh-0123456789abcdef"


class HubSpotCrm(ServedCrm):
    slug = "hubspot"
    numbered = False  # as a server that has only the numbered versions
    names: ClassVar = {
        "contacts": {"first_name": "firstname", "last_name": "lastname", "title": "jobtitle",
                     "owner": "hubspot_owner_id"},
        "companies": {"employees": "numberofemployees"},
        "deals": {"name": "dealname", "stage": "dealstage", "closed_at": "closedate", "owner": "hubspot_owner_id"},
    }  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.secrets = {"token": TOKEN, "client_secret": "a-client-secret-of-the-app"}
        self.groups: list[str] = []
        self.token = TOKEN
        self.rotates = False  # whether each use of a refresh token gives another
        self.became: dict[str, str] = {}  # {id of a merged record: that of what it became}
        self.shown: dict[tuple[str, str], Record] = {}  # what search shows still of a record that has changed since
        self.checked: dict[str, set[int]] = {}  # {kind of answer: statuses that kept to the contract, or not}

    def become_app(self) -> None:
        """An app with a refresh token, in place of an access token for ever."""
        self.token = ""
        self.secrets = {"refresh_token": REFRESH, "client_secret": "a-client-secret-of-the-app"}
        self.options = {"client_id": "app-1"}

    def merge(self, kind: str, keep: str, other: str) -> str:
        """Both become a third, which names them; whoever asks for one of them is given that."""
        with self.lock:
            super().merge(kind, keep, other)
            record, new = self.records.pop((kind, keep)), self.new_id(kind)
            record.id, record.merged = new, [keep, *record.merged]
            self.records[kind, new] = record
            self.became |= dict.fromkeys(record.merged, new)
            return new

    def act(self, what: str, at: datetime, *, links: dict[str, list[str]], **values: Any) -> str:
        of = {"call_held": "calls", "meeting_held": "meetings", "email_sent": "emails"}[what]
        title = {"calls": "hs_call_title", "meetings": "hs_meeting_title", "emails": "hs_email_subject"}[of]
        values = {"hs_timestamp": at.isoformat(), title: values.get("subject", "")}
        return self.add(of, at=at, links=links, **values)

    # Requests

    def operation(self, asked: Request) -> str:
        path = asked.path
        if path == "/oauth/v1/token":
            return "token"
        if m := re.search(r"/objects/(?:[^/]*-\d\d/)?(\w+)(/.*)?$", path):
            kind, rest = m[1], m[2] or ""
            how = {"/search": "pull", "/batch/update": "push", "/batch/upsert": "push", "": "ids"}.get(rest, "read")
            if rest == "/batch/read" and asked.json().get("idProperty"):
                how = "match"
            return f"{how}:{kind}"
        return f"{'linked' if 'associations' in path else 'fields' if 'properties' in path else 'other'}:"

    def trouble(self, do: str) -> Response:
        if do == "expired" and "refresh_token" in self.secrets:
            self.token = ""
        status, message, more = REFUSALS[do]
        return error(status, message, **more)

    def answer(self, asked: Request) -> Response:
        if asked.path == "/oauth/v1/token":
            return self._renewed(asked)
        if not self.token or asked.headers.get("authorization") != f"Bearer {self.token}":
            return self.trouble("expired")
        if asked.path == "/account-info/v3/details":
            return Response(200, {"portalId": int(self.account)})
        version = "(?:v3|v4)" if self.numbered else re.escape(VERSION)
        for pattern, act in ROUTES:
            if m := re.fullmatch(pattern.format(v=version), alike(asked.path, self.numbered)):
                answered = act(self, asked, *m.groups())
                if answered.status < 300 and self.checks_contract:
                    self.violations += contract.violations(asked, answered)
                    self.checked.setdefault(act.__name__, set()).add(answered.status)
                return answered
        return Response(404)

    def _renewed(self, asked: Request) -> Response:
        said = {name: values[-1] for name, values in parse_qs(asked.body.decode()).items()}
        known = {"grant_type": "refresh_token", **self.options}
        known |= {name: self.secrets.get(name, "") for name in ("refresh_token", "client_secret")}
        if said != known:
            return error(400, "missing or invalid refresh token", status="BAD_REFRESH_TOKEN")
        self.token = f"access-{next(self.numbers)}-of-half-an-hour"
        if self.rotates:
            self.secrets["refresh_token"] = f"{REFRESH}-{next(self.numbers)}"
        answered = Response(200, {
            "access_token": self.token, "refresh_token": self.secrets["refresh_token"], "expires_in": 1800,
            "token_type": "bearer", "id_token": "",
        })  # fmt: skip
        self.violations += contract.violations(asked, answered, only_answer=True)
        return answered

    # Answers

    def search(self, asked: Request, kind: str) -> Response:
        body = asked.json()
        if body.get("limit", 10) > 200:
            return error(400, "limit: at most 200")
        filters = [each for group in body.get("filterGroups", []) for each in group["filters"]]
        shown = [self.shown.get((kind, record.id), record) for record in self.living(kind)]
        found = [record for record in shown if all(holds(record, each) for each in filters)]
        for sort in reversed(body.get("sorts", [])):
            found.sort(
                key=lambda record: number(record, sort["propertyName"]), reverse=sort["direction"] != "ASCENDING"
            )
        start = int(body.get("after") or 0)
        if start and start + body.get("limit", 10) > self.most:
            return error(400, f"Search results are limited to {self.most:,}.")
        rows = found[start : start + body.get("limit", 10)]
        answer: dict[str, Any] = {
            "total": len(found),
            "results": [self._object(r, body.get("properties")) for r in rows],
        }
        if start + len(rows) < len(found):
            answer["paging"] = {"next": {"after": str(start + len(rows))}}
        return Response(200, answer)

    def list(self, asked: Request, kind: str) -> Response:
        after, limit = asked.query.get("after", ""), int(asked.query.get("limit", 10))
        found = [record for record in self.living(kind) if not after or int(record.id) >= int(after)]
        answer: dict[str, Any] = {"results": [self._object(record, []) for record in found[:limit]]}
        if len(found) > limit:
            answer["paging"] = {"next": {"after": found[limit].id}}
        return Response(200, answer)

    def read(self, asked: Request, kind: str) -> Response:
        body, name, found, errors = asked.json(), asked.json().get("idProperty"), [], []
        for each in body["inputs"]:
            record = self.find(kind, name, each["id"]) if name else self._now(kind, each["id"])
            if record is None or record.archived:
                errors.append(row_error("OBJECT_NOT_FOUND", "Could not get some objects", each["id"]))
            else:
                found.append(self._object(record, body["properties"]))
        return batch(found, errors)

    def update(self, asked: Request, kind: str) -> Response:
        return self._write(asked, kind, lambda each: self.records.get((kind, each["id"])))

    def upsert(self, asked: Request, kind: str) -> Response:
        return self._write(asked, kind, lambda each: self.find(kind, each["idProperty"], each["id"]), make=True)

    def _write(
        self, asked: Request, kind: str, find: Callable[[Any], Record | None], *, make: bool = False
    ) -> Response:
        inputs = asked.json()["inputs"]
        if not inputs:
            return error(400, "inputs: at least one")
        if unknown := {name for each in inputs for name in each["properties"] if not self._known(kind, name)}:
            return error(400, f"Property values were not valid: {', '.join(sorted(unknown))} does not exist")
        done, errors = [], []
        for each in inputs:
            record = find(each)
            if problem := self.refused.get(each["id"]) or self._taken(kind, record, each["properties"]):
                errors.append(row_error("VALIDATION_ERROR", problem, each["id"], each.get("objectWriteTraceId")))
            elif not make and (record is None or record.archived):
                errors.append(row_error("OBJECT_NOT_FOUND", "Could not find it", each["id"]))
            else:
                values = each["properties"] | ({each["idProperty"]: each["id"]} if make else {})
                id = record.id if record else self.new_id(kind)
                written = self.write(kind, id, {name: value or None for name, value in values.items()})
                more = {"new": record is None} if make else {}
                done.append(self._object(written, None) | more | {"objectWriteTraceId": each["objectWriteTraceId"]})
        return batch(done, errors)

    def _taken(self, kind: str, record: Record | None, values: dict[str, Any]) -> str:
        """An address is that of one contact."""
        other = self.find(kind, "email", values["email"]) if kind == "contacts" and values.get("email") else None
        return f"Contact already exists. Existing ID: {other.id}" if other and record and other != record else ""

    def linked(self, asked: Request, kind: str, of: str) -> Response:
        found, errors = [], []
        for each in asked.json()["inputs"]:
            record = self.records.get((kind, each["id"]))
            ids = record.links.get(of, []) if record else []
            to = [
                {"toObjectId": id, "associationTypes": [
                    {"category": "HUBSPOT_DEFINED", "typeId": 1 + place, "label": "" if place else "Primary"}
                ]} for place, id in enumerate(ids)
            ]  # fmt: skip
            if to:
                found.append({"from": {"id": each["id"]}, "to": to[::-1]})  # in no order that means anything
            else:
                errors.append(row_error("OBJECT_NOT_FOUND", f"No {of} is associated", each["id"]))
        return batch(found, errors)

    def owners(self, asked: Request) -> Response:
        rows = [
            {"id": record.id, "email": record.values.get("email", ""), "firstName": record.values.get("name", ""),
             "lastName": "", "type": "PERSON", "archived": False, "createdAt": iso(record.created_at),
             "updatedAt": iso(record.modified_at)}
            for record in self.living("owners")
        ]  # fmt: skip
        return Response(200, {"results": rows})

    def pipelines(self, asked: Request) -> Response:
        now = iso(self.now())
        dated = {"createdAt": now, "updatedAt": now, "archived": False}
        stages = [
            {"id": id, "label": label, "displayOrder": place, "metadata": {"isClosed": closed, "probability": chance}}
            | dated for place, (id, label, closed, chance) in enumerate(PIPELINE)
        ]  # fmt: skip
        return Response(
            200, {"results": [{"id": "sales", "label": "Sales", "displayOrder": 0, "stages": stages} | dated]}
        )

    def properties(self, asked: Request, kind: str) -> Response:
        names = {name for record in self.living(kind) for name in record.values}
        plain = [{"name": name, "label": name, "type": "string", "fieldType": "text"} for name in sorted(names)]
        made = list(self.made_fields.get(kind, {}).values())
        rows = [{"description": "", "groupName": "info", "options": []} | each for each in [*plain, *made]]
        return Response(200, {"results": rows})

    def groups_of(self, asked: Request, kind: str) -> Response:
        if asked.method == "POST":
            self.groups.append(asked.json()["name"])
            return Response(201, {"archived": False, **asked.json()})
        rows = [{"archived": False, "name": name, "label": name, "displayOrder": 0} for name in self.groups]
        return Response(200, {"results": rows})

    def create_properties(self, asked: Request, kind: str) -> Response:
        inputs, made = asked.json()["inputs"], self.made_fields.setdefault(kind, {})
        if not inputs or any(each["groupName"] not in self.groups for each in inputs):
            return error(400, "inputs: at least one, of a group that exists")
        made.update({each["name"]: {"options": [], "description": "", **each} for each in inputs})
        return batch([made[each["name"]] for each in inputs], [], status=201)

    def _now(self, kind: str, id: str) -> Record | None:
        return self.records.get((kind, self.became.get(id, id)))

    def _known(self, kind: str, name: str) -> bool:
        return not name.startswith("leadscore_") or name in self.made_fields.get(kind, {})

    def _object(self, record: Record, names: Iterable[str] | None) -> dict[str, Any]:
        values = {name: text(value) for name, value in record.values.items()}
        values |= {"hs_object_id": record.id, STAMP.get(record.kind, "hs_lastmodifieddate"): iso(record.modified_at),
                   "hs_merged_object_ids": ";".join(record.merged) or None}  # fmt: skip
        if record.kind == "deals":
            stage = next((each for each in PIPELINE if each[0] == record.values.get("dealstage")), PIPELINE[0])
            values |= {"hs_is_closed": stage[2], "hs_is_closed_won": "true" if stage[3] == "1.0" else "false"}
        shown = values if names is None else {name: values.get(name) for name in names}
        return {"id": record.id, "properties": shown, "createdAt": iso(record.created_at),
                "updatedAt": iso(record.modified_at), "archived": record.archived}  # fmt: skip


ROUTES: list[tuple[str, Callable[..., Response]]] = [
    (r"/crm/objects/{v}/(\w+)/search", HubSpotCrm.search),
    (r"/crm/objects/{v}/(\w+)/batch/read", HubSpotCrm.read),
    (r"/crm/objects/{v}/(\w+)/batch/update", HubSpotCrm.update),
    (r"/crm/objects/{v}/(\w+)/batch/upsert", HubSpotCrm.upsert),
    (r"/crm/objects/{v}/(\w+)", HubSpotCrm.list),
    (r"/crm/associations/{v}/(\w+)/(\w+)/batch/read", HubSpotCrm.linked),
    (r"/crm/owners/{v}/?", HubSpotCrm.owners),
    (r"/crm/pipelines/{v}/deals", HubSpotCrm.pipelines),
    (r"/crm/properties/{v}/(\w+)", HubSpotCrm.properties),
    (r"/crm/properties/{v}/(\w+)/groups", HubSpotCrm.groups_of),
    (r"/crm/properties/{v}/(\w+)/batch/create", HubSpotCrm.create_properties),
]
