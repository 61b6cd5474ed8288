"""Odoo: its own kinds of lead and opportunity are one model, and what is lost is archived.

A person is a contact, or a lead of Odoo with an address; it stays that person when sales makes an opportunity of it,
for it keeps its id. The score is written on both. Odoo leaves no trace of what was deleted or merged: the sweep
finds it.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property, partial
from typing import Any, ClassVar

from leads.crm.base import Connector
from leads.crm.odoo.api import Api, OdooError
from leads.crm.odoo.push import push
from leads.crm.odoo.rows import (
    ALWAYS,
    DOMAIN,
    LEAD,
    LOST,
    MODEL,
    PARTNER,
    STAGE,
    TYPES,
    Around,
    row_of,
    value_of,
    within,
)
from leads.crm.words import (
    BY_NAME,
    Access,
    Check,
    CrmError,
    Denied,
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

UNREAD = ("binary", "html", "one2many", "many2many", "json", "properties", "properties_definition")
EMAIL = {CrmKind.CONTACTS: "email", CrmKind.LEADS: "email_from"}
NAMED = ("country_id", "user_id")  # the references that can be written; text names no other
PERSON = {"function": "title", "phone": "phone", "country_id": "country", "city": "city", "website": "website",
          "user_id": "owner"}  # fmt: skip


class Odoo(Connector):
    slug, name = "odoo", "Odoo"
    kinds = (
        CrmKind.OWNERS, CrmKind.COMPANIES, CrmKind.CONTACTS, CrmKind.LEADS, CrmKind.DEALS, CrmKind.ACTIVITIES
    )  # fmt: skip
    made_as = CrmKind.LEADS
    page = 1000
    most_pushed = 1000  # rows with the same values are one request, so the more at once the fewer
    settings = (
        Setting("database", "Database", "The name of the database, as the sign-in page of Odoo shows it."),
        Setting("login", "User", "The e-mail address of the user whose key it is; not needed from Odoo 19 on.",
                required=False),
        Setting("api_key", "API key", "Made in Odoo: Preferences, Account security, New API key.", kind="password",
                secret=True),
    )  # fmt: skip
    defaults: ClassVar[Mapping[str, Mapping[str, str]]] = {
        CrmKind.COMPANIES: {
            "name": "name", "website": "website", "phone": "phone", "country_id": "country", "city": "city",
            "industry_id": "industry",
        },
        CrmKind.CONTACTS: {"name": "name", "email": "email"} | PERSON,
        CrmKind.LEADS: {
            "contact_name": "name", "email_from": "email", "partner_name": "company.name", "source_id": "source",
            "campaign_id": "campaign",
        } | PERSON,
        CrmKind.DEALS: {
            "name": "name", "stage_id": "stage", "expected_revenue": "amount", "create_date": "opened_at",
            "date_closed": "closed_at", "lost_reason_id": "lost_reason", "user_id": "owner",
        },
    }  # fmt: skip

    def __init__(self, access: Access):
        super().__init__(access)
        self.api = Api(access)
        self.http = self.api.http
        self.described = cache(self._describe)

    def account(self) -> str:
        """The id that Odoo gives each database, and each copy; who may not see it is known by the database's name."""
        try:
            if id := self.api.call("ir.config_parameter", "get_param", key="database.uuid"):
                return f"uuid {id}"
        except (OdooError, Denied):
            pass
        name = self.access.options.get("database", "")
        return f"{BY_NAME}{name}" if name else ""

    def test(self) -> list[Check]:
        found = [_check("Key", lambda: f"Odoo {self.api.version}, user {self._me()}.")]
        if not found[0].ok:
            return found
        found += [_check(f"Read {model}", partial(self._may, model, "read")) for model in (LEAD, PARTNER, STAGE)]
        found += [_check(f"Write {model}", partial(self._may, model, "write")) for model in (LEAD, PARTNER)]
        return [*found, _check("Make fields", partial(self._may, "ir.model.fields", "create"))]

    def fields(self, kind: str) -> list[RemoteField]:
        described = self.described(MODEL[kind])
        names = [name for name, each in described.items() if each["type"] not in UNREAD]
        recent = self.api.rows(MODEL[kind], DOMAIN[kind], names, 3, "id desc")
        return sorted((_field(name, described[name], recent) for name in names), key=lambda field: field.label)

    def stages(self) -> list[RemoteStage]:
        """Odoo's stages, and one more for what is lost."""
        stages = [(str(each["id"]), each["name"], each["is_won"]) for each in self._stages]
        found = [
            RemoteStage("crm", "Odoo", id, name, DealState.WON if won else DealState.OPEN, n)
            for n, (id, name, won) in enumerate(stages)
        ]
        return [*found, RemoteStage("crm", "Odoo", LOST, "Lost", DealState.LOST, len(found))]

    def pull(self, kind: str, window: Window, after: str, fields: Sequence[str]) -> Page:
        domain = [*DOMAIN[kind], *([] if kind == CrmKind.OWNERS else within(window))]
        rows = self._rows(kind, [*domain, *([["id", ">", int(after)]] if after else [])], fields, self.page)
        return Page(rows, rows[-1].id if len(rows) == self.page else "")

    def read(self, kind: str, ids: Sequence[str], fields: Sequence[str]) -> list[Row]:
        numbers = [int(id) for id in ids]
        return [
            row
            for start in range(0, len(numbers), self.page)
            for row in self._rows(kind, [*DOMAIN[kind], ["id", "in", numbers[start : start + self.page]]], fields)
        ]

    def match(self, kind: str, emails: Sequence[str], fields: Sequence[str]) -> list[Row]:
        plain = [email.strip().lower() for email in emails]
        return self._rows(kind, [*DOMAIN[kind], ["email_normalized", "in", plain]], fields) if plain else []

    def ids(self, kind: str, after: str) -> IdPage:
        later = [["id", ">", int(after)]] if after else []
        ids = [str(row["id"]) for row in self.api.rows(MODEL[kind], [*DOMAIN[kind], *later], ["id"], self.page)]
        return IdPage(ids, ids[-1] if len(ids) == self.page else "")

    def ensure_fields(self, kind: str, fields: Sequence[OurField]) -> list[str]:
        model = MODEL[kind]
        there = self.described(model)
        missing = [field for field in fields if self.name_of(field.key) not in there]
        if missing:
            [row] = self.api.rows("ir.model", [["model", "=", model]], ["id"])
            # One after the other, as Odoo reads its models anew after each.
            for field in missing:
                self.api.make("ir.model.fields", [self._new_field(row["id"], field)])
            self.described.cache_clear()
        return [self.name_of(field.key) for field in missing]

    @classmethod
    def name_of(cls, key: str) -> str:
        return f"x_leadscore_{key}"

    def push(self, kind: str, rows: Sequence[PushRow]) -> list[PushResult]:
        own = self.name_of("id")
        knows_us = any(not row.id for row in rows) and own in self.described(MODEL[kind])
        return push(self.api, MODEL[kind], DOMAIN[kind], rows, EMAIL[CrmKind(kind)], own if knows_us else "")

    def url_of(self, kind: str, id: str) -> str:
        return f"{self.access.base_url}/web#id={id}&model={MODEL[kind]}&view_type=form"

    def _rows(self, kind: str, domain: Sequence[Any], fields: Sequence[str], limit: int | None = None) -> list[Row]:
        wanted = dict.fromkeys(("id", "create_date", "write_date", *ALWAYS[kind], *self._named(kind, fields)))
        records = self.api.rows(MODEL[kind], domain, list(wanted), limit)
        if not records:
            return []
        if self._renamed:
            for record in records:
                record |= {new: record[old] for new, old in self._renamed.items() if old in record}
        types = {name: each["type"] for name, each in self.described(MODEL[kind]).items()}
        won = [stage["id"] for stage in self._stages if stage["is_won"]] if kind == CrmKind.DEALS else []
        page = Around(types, self._partners(kind, records), won, self._activities if kind == CrmKind.ACTIVITIES else {})
        return [row_of(kind, record, page) for record in records]

    def _named(self, kind: str, fields: Sequence[str]) -> list[str]:
        """The fields by the names this version has for them."""
        if kind == CrmKind.ACTIVITIES:
            return []
        return [self._renamed.get(name, name) for name in fields] if kind == CrmKind.DEALS else list(fields)

    @cached_property
    def _renamed(self) -> dict[str, str]:
        """{the name in the mapping: the name in older versions}, where it is an older one."""
        older = {"lost_reason_id": "lost_reason", "expected_revenue": "planned_revenue"}
        there = self.described(LEAD) if self.api.version < 15 else {}
        return {new: old for new, old in older.items() if old in there and new not in there}

    def _partners(self, kind: str, records: Sequence[Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
        ids = {record["partner_id"][0] for record in records if record.get("partner_id")}
        if kind not in (CrmKind.LEADS, CrmKind.DEALS) or not ids:
            return {}
        found = self.api.rows(PARTNER, [["id", "in", sorted(ids)]], ["is_company", "parent_id"])
        return {row["id"]: row for row in found}

    @cached_property
    def _stages(self) -> list[dict[str, Any]]:
        return self.api.rows(STAGE, [], ["name", "is_won", "sequence"], order="sequence asc, id asc")

    @cached_property
    def _activities(self) -> dict[int, str]:
        return {row["id"]: row["category"] or "" for row in self.api.rows("mail.activity.type", [], ["category"])}

    def _describe(self, model: str) -> dict[str, dict[str, Any]]:
        wanted = ["string", "type", "readonly", "relation", "selection"]
        return dict(self.api.call(model, "fields_get", attributes=wanted))

    def _new_field(self, model: int, field: OurField) -> dict[str, Any]:
        """A choice is made as text: a selection would refuse what it does not know."""
        types = {FieldType.NUMBER: "integer", FieldType.DATE: "datetime"}
        return {
            "model_id": model, "name": self.name_of(field.key), "field_description": field.label,
            "help": field.help or False, "ttype": types.get(FieldType(field.type), "char"), "state": "manual",
        }  # fmt: skip

    def _me(self) -> int:
        return int(self.api.call("res.users", "context_get").get("uid") or 0)

    def _may(self, model: str, operation: str) -> str:
        if self.api.version >= 18:
            may = self.api.call(model, "has_access", [], operation=operation)
        else:
            may = self.api.call(model, "check_access_rights", operation=operation, raise_exception=False)
        if not may:
            raise CrmError(f"The user may not {operation} {model}: give it a group of Odoo that may.")
        return "The user may."


def _field(name: str, described: Mapping[str, Any], recent: Sequence[Mapping[str, Any]]) -> RemoteField:
    found = [value_of(name, record[name], described["type"]) for record in recent]
    samples = [str(each)[:100] for each in found if each not in (None, "")]
    owner = described.get("relation") == "res.users"
    return RemoteField(
        name, described.get("string") or name, "owner" if owner else TYPES.get(described["type"], FieldType.TEXT),
        tuple((str(value), label) for value, label in described.get("selection") or ()),
        not described.get("readonly") and (described["type"] != "many2one" or name in NAMED),
        tuple(dict.fromkeys(samples)),
    )  # fmt: skip


def _check(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, ok=True, words=look())
    except CrmError as error:
        return Check(name, ok=False, words=str(error))
