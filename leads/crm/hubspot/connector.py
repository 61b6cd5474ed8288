"""HubSpot: contacts, companies, deals, activities and owners, by its REST API of one dated version.

Search gives at most 10,000 rows of a query and thousands may share a time stamp, so a window is read by id: changed
from … to …, id above the last, in order of id. What belongs to what is asked for page by page.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from leads.crm.base import Connector
from leads.crm.http import Http
from leads.crm.hubspot import hooks
from leads.crm.hubspot import words as hs
from leads.crm.hubspot.oauth import renewed
from leads.crm.words import (  # fmt: skip
    Access,
    Busy,
    Check,
    CrmError,
    Denied,
    Hook,
    HookEvent,
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

VERSION = "2026-03"
# Where an area of the API is, in the dated version and, for servers that do not have it, in the numbered ones.
DATED = {
    "objects": f"/crm/objects/{VERSION}", "properties": f"/crm/properties/{VERSION}",
    "pipelines": f"/crm/pipelines/{VERSION}", "owners": f"/crm/owners/{VERSION}",
    "associations": f"/crm/associations/{VERSION}",
}  # fmt: skip
NUMBERED = {
    "objects": "/crm/v3/objects", "properties": "/crm/v3/properties", "pipelines": "/crm/v3/pipelines",
    "owners": "/crm/v3/owners/", "associations": "/crm/v4/associations",
}  # fmt: skip
SEARCH_PACE = 0.26  # seconds between searches: five a second are allowed, and others search too
PACE = 0.06  # seconds between other requests: 190 in ten seconds are allowed


class HubSpot(Connector):
    slug, name, base_url = "hubspot", "HubSpot", "https://api.hubapi.com"
    page = 200
    shows_late = True  # search finds what was written a few seconds ago as it was before
    settings: ClassVar = (
        Setting("token", "Access token", "Of a private app: Settings, Integrations, Private apps.", "password",
                required=False, secret=True),
        Setting("client_secret", "Client secret", "Of the app. Its webhooks are signed with it.", "password",
                required=False, secret=True),
        Setting("client_id", "Client id", "With OAuth instead of an access token.", required=False),
        Setting("refresh_token", "Refresh token", "With OAuth instead of an access token.", "password",
                required=False, secret=True),
        Setting("portal", "Account id", "For links to records; the number in HubSpot's address.", required=False),
    )  # fmt: skip
    defaults: ClassVar = {
        CrmKind.CONTACTS: {
            "email": "email", "firstname": "first_name", "lastname": "last_name", "jobtitle": "title",
            "phone": "phone", "country": "country", "city": "city", "website": "website",
            "hubspot_owner_id": "owner", "company": "company.name",
        },
        CrmKind.COMPANIES: {
            "name": "name", "domain": "domain", "website": "website", "industry": "industry", "phone": "phone",
            "numberofemployees": "employees", "annualrevenue": "revenue", "country": "country", "city": "city",
        },
        CrmKind.DEALS: {
            "dealname": "name", "dealstage": "stage", "pipeline": "pipeline", "amount": "amount",
            "createdate": "opened_at", "closedate": "closed_at", "closed_lost_reason": "lost_reason",
            "hubspot_owner_id": "owner",
        },
    }  # fmt: skip

    def __init__(self, access: Access):
        super().__init__(access)
        self._where, self._settled, self._searched = DATED, False, 0.0
        renew = partial(renewed, access) if access.secrets.get("refresh_token") else None
        headers = {} if renew else {"Authorization": f"Bearer {access.secrets.get('token', '')}"}
        self.http = Http(access.base_url, headers, hs.words, PACE, renew, hidden=access.secrets.values())

    def account(self) -> str:
        """Some apps may not ask; then it is not known."""
        try:
            return f"portal {self.http.json('GET', '/account-info/v3/details')['portalId']}"
        except CrmError as error:
            if error.status in (403, 404):
                return ""
            raise

    def test(self) -> list[Check]:
        try:
            return [self._check(*scope) for scope in hs.SCOPES]
        except (Busy, Denied) as error:
            words = f"{error} Make a new access token and enter it here." if error.status == 401 else str(error)
            return [Check("Key", ok=False, words=words)]

    def fields(self, kind: str) -> list[RemoteField]:
        found = [each for each in self._ask("GET", "properties", f"/{kind}")["results"] if not each.get("hidden")]
        names = [each["name"] for each in found]
        newest = {"limit": 3, "properties": names, "sorts": [hs.by(hs.stamp(kind), "DESCENDING")]}
        rows = self._search(kind, newest)["results"]
        fields = [hs.field_of(each, rows) for each in found]
        return sorted(fields, key=lambda field: field.label.lower())

    def stages(self) -> list[RemoteStage]:
        return [
            RemoteStage(pipeline["id"], pipeline["label"], stage["id"], stage["label"],
                        hs.stage_state(stage.get("metadata", {})), stage["displayOrder"])
            for pipeline in self._ask("GET", "pipelines", "/deals")["results"]
            for stage in sorted(pipeline["stages"], key=lambda stage: stage["displayOrder"])
        ]  # fmt: skip

    def pull(self, kind: str, window: Window, after: str, fields: Sequence[str]) -> Page:
        if kind == CrmKind.OWNERS:
            return self._owners(after)
        if kind == CrmKind.ACTIVITIES:
            return self._activities(window, after)
        found = self._window(kind, window, after, [*fields, *hs.ALWAYS[CrmKind(kind)]])
        rows = found["results"]
        more = found["total"] > len(rows)
        return Page(self._rows(kind, rows), rows[-1]["id"] if more and rows else "", found["total"])

    def read(self, kind: str, ids: Sequence[str], fields: Sequence[str]) -> list[Row]:
        return self._read(kind, ids, fields)

    def match(self, kind: str, emails: Sequence[str], fields: Sequence[str]) -> list[Row]:
        return self._read(kind, emails, fields, idProperty="email")

    def ids(self, kind: str, after: str) -> IdPage:
        query = {"limit": min(self.page, 100), **({"after": after} if after else {})}
        found = self._ask("GET", "objects", f"/{kind}", query=query)
        return IdPage([each["id"] for each in found["results"]], hs.following(found))

    def ensure_fields(self, kind: str, fields: Sequence[OurField]) -> list[str]:
        there = {each["name"] for each in self._ask("GET", "properties", f"/{kind}")["results"]}
        new = [field for field in fields if self.name_of(field.key) not in there]
        if not new:
            return []
        groups = self._ask("GET", "properties", f"/{kind}/groups")["results"]
        if "leadscore" not in {group["name"] for group in groups}:
            group = {"name": "leadscore", "label": "leadscore", "displayOrder": -1}
            self._ask("POST", "properties", f"/{kind}/groups", group)
        inputs = [hs.property_of(field, self.name_of(field.key)) for field in new]
        made = self._ask("POST", "properties", f"/{kind}/batch/create", {"inputs": inputs})
        if made.get("errors"):
            raise CrmError(made["errors"][0]["message"], permanent=True)
        return [self.name_of(field.key) for field in new]

    @classmethod
    def name_of(cls, key: str) -> str:
        return f"leadscore_{key}"

    def push(self, kind: str, rows: Sequence[PushRow]) -> list[PushResult]:
        known, new = [row for row in rows if row.id], [row for row in rows if not row.id]
        results = self._write(kind, "update", known) | self._write(kind, "upsert", new)
        return [results[row.key] for row in rows]

    def verify(self, hook: Hook) -> list[HookEvent]:
        return hooks.events(hook, self.access.secrets.get("client_secret", ""))

    def url_of(self, kind: str, id: str) -> str:
        portal, types = self.access.options.get("portal"), {"contacts": "0-1", "companies": "0-2", "deals": "0-3"}
        known = portal and kind in types
        return f"https://app.hubspot.com/contacts/{portal}/record/{types[kind]}/{id}" if known else ""

    # Asking

    def _ask(self, method: str, area: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None) -> Any:
        """Of a server that does not know the dated version, the numbered one is asked for."""
        try:
            answer = self.http.json(method, self._where[area] + path, body, query=query)
        except CrmError as error:
            if error.status != 404 or self._settled:
                raise
            self._where = NUMBERED
            answer = self.http.json(method, self._where[area] + path, body, query=query)
        self._settled = True
        if not isinstance(answer, dict):
            raise Busy("The answer ended in its middle.")
        return answer

    def _search(self, kind: str, body: Mapping[str, Any]) -> Any:
        time.sleep(max(0.0, self._searched + SEARCH_PACE - time.monotonic()))
        self._searched = time.monotonic()
        return self._ask("POST", "objects", f"/{kind}/search", body)

    def _window(self, kind: str, window: Window, after: str, fields: Iterable[str]) -> Any:
        stamp = hs.stamp(kind)
        filters = [{"propertyName": stamp, "operator": "LTE", "value": hs.ms(window.end)}]
        if window.start:
            filters.append({"propertyName": stamp, "operator": "GTE", "value": hs.ms(window.start)})
        if after:
            filters.append({"propertyName": "hs_object_id", "operator": "GT", "value": after})
        return self._search(kind, {
            "filterGroups": [{"filters": filters}], "sorts": [hs.by("hs_object_id")], "limit": self.page,
            "properties": sorted({*fields, stamp}),
        })  # fmt: skip

    def _owners(self, after: str) -> Page:
        found = self._ask("GET", "owners", "", query={"limit": 100, **({"after": after} if after else {})})
        return Page([hs.owner_of(each) for each in found["results"]], hs.following(found))

    def _activities(self, window: Window, after: str) -> Page:
        """One object after the other: `after` is "meetings" or "meetings:1234". One that the key may not read is left
        out: not everybody gives calls and mails away.
        """
        of, _, last = after.partition(":")
        of = of or next(iter(hs.ACTIVITIES))
        try:
            found = self._window(of, window, last, ["hs_timestamp", *hs.ACTIVITIES[of][1]])
        except Denied as error:
            if error.status != 403:  # a key that ended may read them once it is renewed
                raise
            found = {"results": [], "total": 0}
        linked = self._linked(of, CrmKind.CONTACTS, [each["id"] for each in found["results"]])
        rows = [hs.activity_of(of, each, linked.get(each["id"], ())) for each in found["results"]]
        if found["total"] > len(rows) and rows:
            return Page(rows, f"{of}:{found['results'][-1]['id']}")
        names = list(hs.ACTIVITIES)
        return Page(rows, next(iter(names[names.index(of) + 1 :]), ""))

    def _read(self, kind: str, ids: Sequence[str], fields: Sequence[str], **more: str) -> list[Row]:
        rows = []
        for start in range(0, len(ids), 100):
            inputs = [{"id": id} for id in ids[start : start + 100]]
            wanted = sorted({*fields, *hs.ALWAYS[CrmKind(kind)], hs.stamp(kind)})
            body = {"inputs": inputs, "properties": wanted, "propertiesWithHistory": [], **more}
            rows += self._ask("POST", "objects", f"/{kind}/batch/read", body)["results"]
        return self._rows(kind, [row for row in rows if not row.get("archived")])

    def _rows(self, kind: str, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
        ids = [row["id"] for row in rows]
        links = {of: self._linked(kind, of, ids) for of in hs.LINKED.get(CrmKind(kind), ())}
        return [hs.row_of(kind, row, {of: linked.get(row["id"], ()) for of, linked in links.items()}) for row in rows]

    def _linked(self, kind: str, of: str, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """{id: ids of what it is linked with}, the primary one first."""
        if not ids:
            return {}
        body = {"inputs": [{"id": id} for id in ids]}
        found = self._ask("POST", "associations", f"/{kind}/{of}/batch/read", body)["results"]
        return {
            str(each["from"]["id"]): tuple(str(to["toObjectId"]) for to in sorted(each["to"], key=hs.is_secondary))
            for each in found
        }

    # Writing

    def _write(self, kind: str, how: str, rows: Sequence[PushRow]) -> dict[int, PushResult]:
        """{key: result}. A batch refused as a whole is written in halves: a bad row costs itself only."""
        if not rows:
            return {}
        try:
            answer = self._ask(
                "POST", "objects", f"/{kind}/batch/{how}", {"inputs": [hs.input_of(row) for row in rows]}
            )
        except Denied:
            raise
        except CrmError as error:
            if not error.permanent:
                raise
            if len(rows) == 1:
                gone = error.status == 404
                return {rows[0].key: PushResult(rows[0].key, rows[0].id, ok=False, error=str(error), gone=gone)}
            half = len(rows) // 2
            return self._write(kind, how, rows[:half]) | self._write(kind, how, rows[half:])
        return hs.results_of(kind, rows, answer)

    def _check(self, name: str, scope: str, method: str, area: str, path: str, body: Any) -> Check:
        """Raises Denied where it is not this scope that is missing but the key that is no good, and Busy."""
        try:
            self._ask(method, area, path, body)
        except Busy:
            raise
        except Denied as error:
            if error.status != 403:
                raise
            return Check(name, ok=False, words=f"The scope {scope} is missing: add it to the app. {error}")
        except CrmError as error:
            # An empty batch is refused as such only after the right to write one was looked at.
            return Check(name, ok=error.status == 400, words="" if error.status == 400 else str(error))
        return Check(name, ok=True)
