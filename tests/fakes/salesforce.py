"""A Salesforce org: OAuth, queries, collections, Bulk 2 queries, fields and who may see them.

A session is good until a test lets it expire. A deleted record stays in the recycle bin, a merged one too and
names its master. A field made by API is hidden until a permission set shows it. Limits are 403, not 429.
"""

import base64
import re
from datetime import datetime
from typing import Any, ClassVar

from leads.enums import CrmKind
from tests.fakes.crm import Record
from tests.fakes.salesforce_words import (
    DATA,
    FIELDS,
    KIND,
    MARKS,
    PERSON,
    PREFIX,
    STAGES,
    TASKS,
    csv_of,
    described,
    error,
    moment,
    roles,
    row_error,
)
from tests.fakes.served import Request, Response, ServedCrm
from tests.fakes.soql import parsed


class SalesforceCrm(ServedCrm):
    slug = "salesforce"
    names: ClassVar = {
        CrmKind.OWNERS: {"email": "Email", "name": "Name"},
        CrmKind.COMPANIES: {"name": "Name", "domain": "Website", "website": "Website", "industry": "Industry",
                            "employees": "NumberOfEmployees", "country": "BillingCountry", "city": "BillingCity"},
        CrmKind.CONTACTS: PERSON | {"country": "MailingCountry", "city": "MailingCity"},
        CrmKind.LEADS: PERSON | {"country": "Country", "city": "City", "company": "Company"},
        CrmKind.DEALS: {"name": "Name", "stage": "StageName", "amount": "Amount", "owner": "OwnerId",
                        "closed_at": "CloseDate"},
    }  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.secrets = {"consumer_key": "key", "consumer_secret": "secret"}
        self.sessions: set[str] = set()
        self.jobs: dict[str, list[dict[str, str]]] = {}
        self.shown: set[str] = set()  # "Contact.Leadscore_Score__c"
        self.permission_sets: list[str] = []
        self.masters: dict[str, str] = {}
        self.job_kinds: dict[str, str] = {}
        self.looks = 1  # how often a job is looked after before it is complete

    def new_id(self, kind: str) -> str:
        return f"{PREFIX[CrmKind(kind)][1]}{next(self.numbers):012}AAA"

    def order(self, id: str) -> Any:
        return id

    def act(self, what: str, at: datetime, *, links: dict[str, list[str]], **values: Any) -> str:
        """A task has one person."""
        done = {"TaskSubtype": TASKS.get(what, "Task"), "CompletedDateTime": moment(at, 6)}
        done |= {name.title(): value for name, value in values.items()}
        people = [(kind, id) for kind, ids in links.items() for id in ids]
        return [self.add(CrmKind.ACTIVITIES, at=at, links={kind: [id]}, **done) for kind, id in people][-1]

    def named(self, kind: str, values: dict[str, Any]) -> dict[str, Any]:
        days = {name: value.date().isoformat() for name, value in values.items() if isinstance(value, datetime)}
        return super().named(kind, values | days)

    def merge(self, kind: str, keep: str, other: str) -> str:
        record = self.records[kind, other]
        super().merge(kind, keep, other)
        record.archived, record.modified_at, self.records[kind, other] = True, self.now(), record
        self.masters[other] = keep
        return keep

    def expire(self) -> None:
        self.sessions.clear()

    # Requests

    def operation(self, request: Request) -> str:
        path = request.path.removeprefix(DATA)
        if path == "/services/oauth2/token":
            return "token"
        if path.startswith("query"):
            soql = request.query.get("q", "FROM User")
            found = re.search(r"FROM (\w+)(?= WHERE| ORDER| LIMIT|$)", soql)
            kind = KIND.get(found[1] if found else "", "setup")
            if "OpportunityStage" in soql:
                return "stages"
            for mark, name in MARKS.items():
                if mark in soql and kind != "setup":
                    return f"{name}:{kind}"
            return f"pull:{kind}" if kind != "setup" else "setup"
        if path.startswith("composite/sobjects"):
            kind = KIND.get(request.json()["records"][0]["attributes"]["type"], "setup")
            return f"push:{kind}" if kind != "setup" else "setup"
        if path.endswith("/results"):
            return f"pull:{self.job_kinds.get(path.split('/')[2], 'none')}"
        return "bulk" if path.startswith("jobs/") else "describe" if path.endswith("describe") else "setup"

    def trouble(self, do: str) -> Response:
        match do:
            case "busy":
                return error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
            case "expired":
                self.expire()
                return error(401, "INVALID_SESSION_ID", "Session expired or invalid")
            case "denied":
                return error(403, "INSUFFICIENT_ACCESS", "insufficient access rights on cross-reference id")
        return error(500, "UNKNOWN_EXCEPTION", "An unexpected error occurred.")

    def answer(self, request: Request) -> Response:
        path = request.path.removeprefix(DATA)
        if path == "/services/oauth2/token":
            return self._token(request)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.sessions:
            return error(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if path == "/services/oauth2/userinfo":
            user = {"user_id": "005000000000001AAA", "preferred_username": "sync@acme.example"}
            return Response(200, user | {"organization_id": self.account})
        if path in ("query/", "queryAll/"):
            return self._query(request.query["q"], deleted=path == "queryAll/")
        if path.startswith("query/"):
            return self._more(path.removeprefix("query/"))
        if path.startswith("jobs/query"):
            return self._bulk(path.removeprefix("jobs/query").strip("/"), request)
        if path == "composite/sobjects":
            return self._collection(request)
        return self._setup(path, request)

    def _token(self, request: Request) -> Response:
        basic = base64.b64encode(b"key:secret").decode()
        if request.headers.get("authorization") != f"Basic {basic}" and b"assertion=ey" not in request.body:
            return Response(400, {"error": "invalid_client", "error_description": "invalid client credentials"})
        token = f"00D!{len(self.sessions)}.{next(self.numbers)}"
        self.sessions.add(token)
        return Response(200, {"access_token": token, "instance_url": "https://elsewhere.my.salesforce.com"})

    # Queries

    def _query(self, soql: str, *, deleted: bool) -> Response:
        try:
            rows = self._rows(soql, deleted=deleted)
        except ValueError as wrong:
            return error(400, "MALFORMED_QUERY", str(wrong))
        if isinstance(rows, str):
            return error(400, "INVALID_FIELD", f"No such column '{rows}' on entity")
        # A page may end anywhere; the rest is fetched by its address.
        if len(rows) > 1000 and "Opportunity" in soql:
            locator = f"01g{next(self.numbers)}"
            self.jobs[locator] = rows[1000:]
            return Response(200, {"totalSize": len(rows), "done": False, "nextRecordsUrl": f"{DATA}query/{locator}",
                                  "records": rows[:1000]})  # fmt: skip
        return Response(200, {"totalSize": len(rows), "done": True, "records": rows})

    def _more(self, locator: str) -> Response:
        rows = self.jobs.pop(locator)
        return Response(200, {"totalSize": len(rows), "done": True, "records": rows})

    def _rows(self, soql: str, *, deleted: bool) -> Any:
        """The rows of a query; the name of a field that is not there."""
        if "FROM OpportunityStage" in soql:
            return [
                {"ApiName": name, "MasterLabel": name.title(), "IsClosed": closed, "IsWon": won, "SortOrder": n}
                for n, (name, closed, won) in enumerate(STAGES)
            ]
        if "FROM PermissionSet" in soql:
            if "PermissionsCustomizeApplication" in soql:
                return [{"PermissionsCustomizeApplication": True}]
            return [{"Id": id} for id in self.permission_sets]
        query = parsed(soql)
        sobject = query["sobject"]
        names = [name for name in query["fields"] if name != "FIELDS(ALL)"] or self._fields(sobject)
        known = {*self._fields(sobject), "OpportunityContactRoles", "IsClosed", "IsWon"}
        spelled = {name.lower(): name for name in known}
        if missing := next((name for name in names if name.lower() not in spelled), None):
            return missing
        names = [spelled[name.lower()] for name in names]
        found = [flat for record in self._all(sobject, deleted) if query["test"](flat := self._flat(sobject, record))]
        found.sort(key=lambda flat: flat[query["order"] or "Id"], reverse=bool(query["down"]))
        limit = int(query["limit"] or 10**9)
        return [{"attributes": {"type": sobject}} | {name: flat.get(name) for name in names} for flat in found[:limit]]

    def _all(self, sobject: str, deleted: bool) -> list[Record]:
        kind = KIND.get(sobject)
        if kind is None:
            return []
        now = self.now()
        return [
            record for (of, _), record in self.records.items()
            if of == kind and (deleted or not record.archived) and record.visible_at <= now
        ]  # fmt: skip

    def _flat(self, sobject: str, record: Record) -> dict[str, Any]:
        flat = record.values | {
            "Id": record.id, "IsDeleted": record.archived, "MasterRecordId": self.masters.get(record.id),
            "SystemModstamp": moment(record.modified_at), "CreatedDate": moment(record.created_at),
            "IsActive": True,
        }  # fmt: skip
        company = next(iter(record.links.get(CrmKind.COMPANIES, [])), None)
        if sobject in ("Contact", "Opportunity"):
            flat.setdefault("AccountId", company)
        if sobject == "Opportunity":
            closed = {name: (closed, won) for name, closed, won in STAGES}.get(
                flat.get("StageName", ""), (False, False)
            )
            flat |= {"IsClosed": closed[0], "IsWon": closed[1], "OpportunityContactRoles": roles(record)}
        if sobject == "Task":
            people = [id for kind in (CrmKind.CONTACTS, CrmKind.LEADS) for id in record.links.get(kind, [])]
            flat |= {"WhoId": next(iter(people), None), "IsClosed": True}
        if sobject == "Lead":
            flat.setdefault("IsConverted", False)
        return flat

    # Bulk 2

    def _bulk(self, path: str, request: Request) -> Response:
        if not path:
            job = f"750{next(self.numbers):012}AAA"
            rows = self._rows(request.json()["query"], deleted=False)
            if isinstance(rows, str):
                return error(400, "INVALID_FIELD", f"No such column '{rows}'")
            self.jobs[job] = rows
            self.job_kinds[job] = KIND[rows[0]["attributes"]["type"]] if rows else "none"
            return Response(200, {"id": job, "operation": "query", "state": "UploadComplete"})
        job, _, rest = path.partition("/")
        if job not in self.jobs:
            return error(404, "NOT_FOUND", "The requested resource does not exist")
        if not rest:
            self.looks -= 1
            state = "JobComplete" if self.looks < 1 else "InProgress"
            return Response(200, {"id": job, "state": state, "numberRecordsProcessed": len(self.jobs[job])})
        start, most = int(request.query.get("locator", "0")), int(request.query["maxRecords"])
        rows = self.jobs[job][start : start + most]
        end = start + most
        headers = {"Sforce-Locator": str(end) if end < len(self.jobs[job]) else "null",
                   "Sforce-NumberOfRecords": str(len(rows)), "Content-Type": "text/csv"}  # fmt: skip
        return Response(200, csv_of(rows), headers)

    # Writing

    def _collection(self, request: Request) -> Response:
        body = request.json()
        if len(body["records"]) > 200:
            return error(400, "LIMIT_EXCEEDED", "record limit reached. cannot submit more than 200 records")
        return Response(200, [self._write(request.method, record) for record in body["records"]])

    def _write(self, method: str, record: dict[str, Any]) -> dict[str, Any]:
        sobject = record.pop("attributes")["type"]
        if sobject == "FieldPermissions":
            self.shown.add(record["Field"])
            return {"id": "01k000000000001AAA", "success": True, "errors": []}
        kind, id = KIND[sobject], record.pop("id", "")
        known = self._fields(sobject)
        if unknown := next((name for name in record if name not in known), None):
            return row_error("INVALID_FIELD", f"No such column '{unknown}' on sobject of type {sobject}")
        if refused := self.refused.get(id) or self.refused.get(record.get("Email") or ""):
            return row_error("FIELD_CUSTOM_VALIDATION_EXCEPTION", refused)
        if method == "PATCH":
            there = self.records.get((kind, id))
            if there is None or there.archived:
                return row_error("ENTITY_IS_DELETED", "entity is deleted")
        elif not record.get("LastName") and sobject in ("Contact", "Lead"):
            return row_error("REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", ["LastName"])
        else:
            id = self.new_id(kind)
        self.write(kind, id, record)
        return {"id": id, "success": True, "errors": []}

    # Setting up

    def _setup(self, path: str, request: Request) -> Response:
        if path.endswith("/describe"):
            sobject = path.split("/")[1]
            fields = [described(name) for name in self._fields(sobject)]
            return Response(200, {"name": sobject, "queryable": True, "updateable": True, "fields": fields})
        if path == "tooling/sobjects/CustomField":
            sobject, _, name = request.json()["FullName"].partition(".")
            made = self.made_fields.setdefault(KIND[sobject], {})
            if name in made:
                return error(400, "DUPLICATE_DEVELOPER_NAME", f"There is already a field named {name}")
            made[name] = request.json()["Metadata"]
            return Response(201, {"id": "00N000000000001AAA", "success": True, "errors": []})
        if path == "sobjects/PermissionSet":
            self.permission_sets.append("0PS000000000001AAA")
            return Response(201, {"id": self.permission_sets[-1], "success": True, "errors": []})
        if path == "sobjects/PermissionSetAssignment":
            return Response(201, {"id": "0Pa000000000001AAA", "success": True, "errors": []})
        return error(404, "NOT_FOUND", f"The requested resource does not exist: {path}")

    def _fields(self, sobject: str) -> list[str]:
        """Those that the user we sign in as may see."""
        made = [name for name in self.made_fields.get(KIND.get(sobject, ""), {}) if f"{sobject}.{name}" in self.shown]
        return ["Id", "CreatedDate", "SystemModstamp", "IsDeleted", "MasterRecordId", *FIELDS.get(sobject, []), *made]
