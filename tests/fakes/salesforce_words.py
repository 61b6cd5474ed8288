"""The objects of the fake Salesforce, and how it writes answers, moments and CSV."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

from leads.enums import CrmKind
from tests.fakes.crm import Record
from tests.fakes.served import Response

DATA = "/services/data/v62.0/"
PREFIX = {
    CrmKind.OWNERS: ("User", "005"), CrmKind.COMPANIES: ("Account", "001"), CrmKind.CONTACTS: ("Contact", "003"),
    CrmKind.LEADS: ("Lead", "00Q"), CrmKind.DEALS: ("Opportunity", "006"), CrmKind.ACTIVITIES: ("Task", "00T"),
}  # fmt: skip
KIND = {sobject: kind for kind, (sobject, _) in PREFIX.items()}
# What a query is for, by what is in it
MARKS = {
    "FIELDS(ALL)": "fields", "Id IN (": "read", "Email IN (": "match", "__c IN (": "match", "SELECT Id FROM": "ids",
}  # fmt: skip
TYPES = {
    "NumberOfEmployees": "int", "AnnualRevenue": "currency", "Amount": "currency", "IsConverted": "boolean",
    "SystemModstamp": "datetime", "CreatedDate": "datetime", "CloseDate": "date", "OwnerId": "reference",
    "IsDeleted": "boolean",
}  # fmt: skip
TASKS = {"call_held": "Call", "email_sent": "Email"}
STAGES = [("new", False, False), ("offer", False, False), ("won", True, True), ("lost", True, False)]
FIELDS = {
    "User": ["Email", "Name", "IsActive"],
    "Account": ["Name", "Website", "Industry", "NumberOfEmployees", "AnnualRevenue", "Phone", "BillingCountry",
                "BillingCity", "OwnerId"],
    "Contact": ["Email", "FirstName", "LastName", "Title", "Phone", "LeadSource", "MailingCountry", "MailingCity",
                "OwnerId", "AccountId"],
    "Lead": ["Email", "FirstName", "LastName", "Title", "Phone", "LeadSource", "Country", "City", "Website", "Company",
             "Industry", "NumberOfEmployees", "OwnerId", "IsConverted", "ConvertedContactId"],
    "Opportunity": ["Name", "StageName", "Amount", "CloseDate", "OwnerId", "AccountId"],
    "Task": ["Subject", "TaskSubtype", "WhoId", "ActivityDate", "CompletedDateTime"],
    "Event": ["Subject", "WhoId", "StartDateTime", "EndDateTime"],
}  # fmt: skip
PERSON = {"email": "Email", "first_name": "FirstName", "last_name": "LastName", "title": "Title", "phone": "Phone",
          "owner": "OwnerId", "source": "LeadSource"}  # fmt: skip


def error(status: int, code: str, message: str) -> Response:
    return Response(status, [{"errorCode": code, "message": message}])


def row_error(code: str, message: str, fields: list[str] | None = None) -> dict[str, Any]:
    return {"success": False, "errors": [{"statusCode": code, "message": message, "fields": fields or []}]}


def roles(record: Record) -> dict[str, Any] | None:
    contacts = record.links.get(CrmKind.CONTACTS, [])
    rows = [{"attributes": {"type": "OpportunityContactRole"}, "ContactId": id} for id in contacts]
    return {"totalSize": len(rows), "done": True, "records": rows} if rows else None


def moment(moment: datetime, digits: int = 3) -> str:
    """As Salesforce writes it, but in a form that compares as text with what a query says: whole milliseconds, Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[: 20 + digits] + "Z"


def described(name: str) -> dict[str, Any]:
    return {"name": name, "label": name, "type": TYPES.get(name, "string"), "updateable": True, "picklistValues": [],
            "referenceTo": ["User"] if name == "OwnerId" else []}  # fmt: skip


def csv_of(rows: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    names = [name for name in (rows[0] if rows else {"Id": ""}) if name != "attributes"]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in names])
    return out.getvalue()


def _cell(value: Any) -> str:
    return "" if value is None else json.dumps(value) if isinstance(value, bool) else str(value)
