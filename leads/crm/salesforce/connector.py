"""Salesforce, by its REST API, and Bulk 2 for the first load.

Windows are of SystemModstamp, which nobody can set (LastModifiedDate can be), and are read by id. Queries of a later
window see the recycle bin as well: what was deleted or merged there comes as such. Leads are what we make there; a lead
that sales converts is the same person as the contact it became.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from time import sleep
from typing import Any, ClassVar

from leads.crm.base import Connector
from leads.crm.salesforce.org import Org
from leads.crm.salesforce.push import push
from leads.crm.salesforce.rows import SOBJECT, TYPES, lists_of, quoted, read_csv, row_of, selected, within
from leads.crm.salesforce.setup import checks, make_fields
from leads.crm.words import (
    Access,
    Busy,
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
from leads.enums import CrmKind, DealState, FieldType

BY_BULK = (CrmKind.COMPANIES, CrmKind.CONTACTS, CrmKind.LEADS)  # deals have a subquery, which Bulk does not know
LOOKS, BETWEEN = 20, 1.0  # how often, and after how many seconds, a job is looked after before the page is given back
PERSON: dict[str, str] = {
    "Email": "email", "FirstName": "first_name", "LastName": "last_name", "Title": "title", "Phone": "phone",
    "LeadSource": "source", "OwnerId": "owner",
}  # fmt: skip


class Salesforce(Connector):
    slug, name = "salesforce", "Salesforce"
    kinds = (
        CrmKind.OWNERS, CrmKind.COMPANIES, CrmKind.CONTACTS, CrmKind.LEADS, CrmKind.DEALS, CrmKind.ACTIVITIES
    )  # fmt: skip
    made_as = CrmKind.LEADS
    page = 2000  # the most that a query answers at once
    most_pushed = 200
    settings = (
        Setting("consumer_key", "Consumer key", "Of the external client app that an administrator made for leadscore.",
                secret=True, kind="password"),
        Setting("consumer_secret", "Consumer secret", "For client credentials: the app runs as the user it names.",
                secret=True, kind="password", required=False),
        Setting("username", "User name", "For a signed assertion (JWT) instead: who leadscore signs in as.",
                required=False),
        Setting("private_key", "Private key", "For a signed assertion: the RSA key in PEM form whose certificate the "
                "app knows.", kind="textarea", secret=True, required=False),
    )  # fmt: skip
    defaults: ClassVar[Mapping[str, Mapping[str, str]]] = {
        CrmKind.COMPANIES: {
            "Name": "name", "Website": "website", "Industry": "industry", "NumberOfEmployees": "employees",
            "AnnualRevenue": "revenue", "Phone": "phone", "BillingCountry": "country", "BillingCity": "city",
        },
        CrmKind.CONTACTS: PERSON | {"MailingCountry": "country", "MailingCity": "city"},
        CrmKind.LEADS: PERSON | {
            "Country": "country", "City": "city", "Website": "website", "Company": "company.name",
            "Industry": "company.industry", "NumberOfEmployees": "company.employees",
        },
        CrmKind.DEALS: {
            "Name": "name", "StageName": "stage", "Amount": "amount", "CreatedDate": "opened_at",
            "CloseDate": "closed_at", "OwnerId": "owner",
        },
    }  # fmt: skip

    def __init__(self, access: Access):
        super().__init__(access)
        self.org = Org(access)
        self.http = self.org.http
        self.described = cache(self._describe)

    def account(self) -> str:
        id = self.org.me().get("organization_id", "")
        return f"org {id}" if id else ""

    def test(self) -> list[Check]:
        return checks(self.org, [SOBJECT[CrmKind(kind)] for kind in self.kinds])

    def fields(self, kind: str) -> list[RemoteField]:
        sobject = SOBJECT[CrmKind(kind)]
        recent = self.org.query(f"SELECT FIELDS(ALL) FROM {sobject} ORDER BY SystemModstamp DESC LIMIT 3")
        found = [
            _field(each, recent) for each in self.described(sobject) if each["type"] not in ("address", "location")
        ]
        return sorted(found, key=lambda field: field.label)

    def stages(self) -> list[RemoteStage]:
        stages = self.org.query(
            "SELECT ApiName, MasterLabel, IsClosed, IsWon, SortOrder FROM OpportunityStage WHERE IsActive = true"
            " ORDER BY SortOrder"
        )
        return [
            RemoteStage("opportunity", "Opportunities", each["ApiName"], each["MasterLabel"], _state(each), n)
            for n, each in enumerate(stages)
        ]

    def pull(self, kind: str, window: Window, after: str, fields: Sequence[str]) -> Page:
        if after.startswith("job "):
            return self._bulk_page(kind, window, after, fields)
        if window.start is None and kind in BY_BULK and not after:
            return self._bulk_page(kind, window, self._begin_bulk(kind, window, fields), fields)
        return self._page(kind, window, after, fields)

    def read(self, kind: str, ids: Sequence[str], fields: Sequence[str]) -> list[Row]:
        return self._where(kind, "Id IN ({})", ids, fields)

    def match(self, kind: str, emails: Sequence[str], fields: Sequence[str]) -> list[Row]:
        return self._where(kind, "Email IN ({})", emails, fields)

    def ids(self, kind: str, after: str) -> IdPage:
        sobject = SOBJECT[CrmKind(kind)]
        where = f" WHERE Id > {quoted(after)}" if after else ""
        ids = [each["Id"] for each in self.org.query(f"SELECT Id FROM {sobject}{where} ORDER BY Id LIMIT {self.page}")]
        return IdPage(ids, ids[-1] if len(ids) == self.page else "")

    def ensure_fields(self, kind: str, fields: Sequence[OurField]) -> list[str]:
        sobject = SOBJECT[CrmKind(kind)]
        there = {each["name"] for each in self.described(sobject)}
        missing = [(field, self.name_of(field.key)) for field in fields if self.name_of(field.key) not in there]
        if missing:
            make_fields(self.org, sobject, missing)
            self.described.cache_clear()
        return [name for _, name in missing]

    @classmethod
    def name_of(cls, key: str) -> str:
        return f"Leadscore_{key.title()}__c"

    def push(self, kind: str, rows: Sequence[PushRow]) -> list[PushResult]:
        sobject = SOBJECT[CrmKind(kind)]
        own = self.name_of("id")
        knows_us = any(not row.id for row in rows) and own in {each["name"] for each in self.described(sobject)}
        return push(self.org, sobject, rows, own if knows_us else "")

    def url_of(self, kind: str, id: str) -> str:
        return f"{self.access.base_url}/{id}"

    # Pages of a window

    def _page(self, kind: str, window: Window, after: str, fields: Sequence[str]) -> Page:
        """Tasks are followed by meetings, which are an object of their own: "00U" begins them."""
        sobject = "Event" if after.startswith("00U") else SOBJECT[CrmKind(kind)]
        deleted = window.start is not None and kind not in (CrmKind.OWNERS, CrmKind.ACTIVITIES)
        where = [] if kind == CrmKind.OWNERS else within(sobject, window)
        if after and after != "00U":
            where.append(f"Id > {quoted(after)}")
        wanted = fields if kind != CrmKind.ACTIVITIES else ()
        soql = f"SELECT {selected(sobject, wanted, deleted=deleted)} FROM {sobject}"
        soql += (f" WHERE {' AND '.join(where)}" if where else "") + f" ORDER BY Id LIMIT {self.page}"
        records = self.org.query(soql, deleted=deleted)
        following = records[-1]["Id"] if len(records) == self.page else "00U" if sobject == "Task" else ""
        return Page(self._rows(kind, records, fields), following)

    def _rows(self, kind: str, records: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> list[Row]:
        """Records as rows; in place of one that was merged away comes the one it became part of."""
        rows = {str(record["Id"]): row_of(kind, record) for record in records}
        masters = {str(each["Id"]): str(each["MasterRecordId"]) for each in records if each.get("MasterRecordId")}
        absent = sorted(set(masters.values()) - rows.keys())
        kept = {row.id: row for row in self.read(kind, absent, fields)} if absent else {}
        for id, master in masters.items():
            row = kept.get(master) or rows.get(master)
            if row and not row.archived:
                (kept if master in kept else rows)[master] = replace(row, merged=(*row.merged, id))
                del rows[id]
        return [*rows.values(), *kept.values()]

    def _where(self, kind: str, condition: str, texts: Sequence[str], fields: Sequence[str]) -> list[Row]:
        sobject, rows = SOBJECT[CrmKind(kind)], list[Row]()
        for some in lists_of(texts):
            soql = f"SELECT {selected(sobject, fields)} FROM {sobject} WHERE {condition.format(some)}"
            rows += [row_of(kind, record) for record in self.org.query(soql)]
        return rows

    # Bulk 2: "job <id> <locator> <last id>" is where we are in it

    def _begin_bulk(self, kind: str, window: Window, fields: Sequence[str]) -> str:
        sobject = SOBJECT[CrmKind(kind)]
        soql = f"SELECT {selected(sobject, fields)} FROM {sobject} WHERE {' AND '.join(within(sobject, window))}"
        job = self.org.rest("jobs/query", "POST", json={"operation": "query", "query": f"{soql} ORDER BY Id"})
        return f"job {job['id']} - -"

    def _bulk_page(self, kind: str, window: Window, after: str, fields: Sequence[str]) -> Page:
        """A page of what the job found. While it works, an empty page that asks for the same again."""
        _, job, locator, last = after.split(" ")
        try:
            total = None if locator != "-" else self._finished(job)
            if locator == "-" and total is None:
                return Page([], after)
            text, count, following = self.org.bulk_result(job, "" if locator == "-" else locator, self.page)
        except CrmError as error:
            if error.status != 404:
                raise
            # Results are kept for seven days. It was in order of ids, so that the rest can be read by id.
            return self._page(kind, window, "" if last == "-" else last, fields)
        sobject = SOBJECT[CrmKind(kind)]
        types = {each["name"]: each["type"] for each in self.described(sobject)}
        rows = self._rows(kind, read_csv(text, count, types), fields)
        last = rows[-1].id if rows else last
        return Page(rows, f"job {job} {following} {last}" if following else "", total)

    def _finished(self, job: str) -> int | None:
        """How many rows it found; None while it works."""
        for look in range(LOOKS):
            found = self.org.rest(f"jobs/query/{job}")
            match found["state"]:
                case "JobComplete":
                    return int(found.get("numberRecordsProcessed") or 0)
                case "Failed":
                    raise CrmError(f"The first load failed: {found.get('errorMessage')}", permanent=True)
                case "Aborted":
                    raise Busy("Somebody stopped the job of the first load in Salesforce.")
            sleep(BETWEEN if look < LOOKS - 1 else 0)
        return None

    def _describe(self, sobject: str) -> list[dict[str, Any]]:
        return list(self.org.rest(f"sobjects/{sobject}/describe")["fields"])


def _field(described: Mapping[str, Any], recent: Sequence[Mapping[str, Any]]) -> RemoteField:
    name = described["name"]
    owner = described["type"] == "reference" and "User" in described.get("referenceTo", ())
    samples = [str(record[name])[:100] for record in recent if record.get(name) not in (None, "")]
    return RemoteField(
        name, described.get("label") or name,
        "owner" if owner else TYPES.get(described["type"], FieldType.TEXT),
        tuple((each["value"], each.get("label") or each["value"]) for each in described.get("picklistValues") or ()),
        bool(described.get("updateable")), tuple(dict.fromkeys(samples)),
    )  # fmt: skip


def _state(stage: Mapping[str, Any]) -> str:
    return DealState.WON if stage["IsWon"] else DealState.LOST if stage["IsClosed"] else DealState.OPEN
