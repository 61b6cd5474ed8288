"""One cell of the matrix of rights: what is expected (tests/house/expected_rights.py), and what is answered."""

import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import transaction
from django.test import Client

from leads.enums import Role
from tests.house.expected_rights import ADMIN, RIGHTS
from tests.house.resolver import Address
from tests.house.world import KINDS

PART = "PART"  # GET, as htmx asks for a part of a page
METHODS = ("GET", PART, "POST", "PUT", "PATCH", "DELETE")
TAKEN, REFUSED, ABSENT, BROKEN = "taken", "refused", "absent", "broken"
ADMIN_HOME = "/admin/"  # where the admin sends who asks for a row that is not there
STATIC = re.compile(r"^admin/\(\?P<url>")


@dataclass(frozen=True)
class Grant:
    roles: frozenset[str]
    own: bool
    gone: bool


@dataclass(frozen=True)
class Rule:
    """Who may what at an address. `kind`: of the row it names, or empty; `public`: strangers too."""

    kind: str
    grants: dict[str, list[Grant]]
    public: bool

    @property
    def of_a_team(self) -> bool:
        return self.kind in KINDS

    def names(self, method: str) -> bool:
        """Whether anybody may."""
        return ("GET" if method == PART else method) in self.grants

    def expects(self, method: str, role: str, *, own: bool) -> str:
        for grant in self.grants.get("GET" if method == PART else method, []):
            if role in grant.roles and (own or not grant.own):
                return ABSENT if grant.gone else TAKEN
        return REFUSED


@cache
def rules() -> dict[str, Rule]:
    return {name: rule_of(text) for name, text in (RIGHTS | dict(_of_admin())).items()}


def rule_of(text: str) -> Rule:
    """Reads "handoff | GET all | POST rep manager admin own"."""
    kind, *statements = [part.strip() for part in text.split("|")]
    grants: dict[str, list[Grant]] = {}
    for words in map(str.split, statements):
        roles = frozenset(Role.values).intersection(Role.values if {"all", "everybody"} & set(words) else words)
        for method in [word for word in words if word in METHODS]:
            grants.setdefault(method, []).append(Grant(roles, "own" in words, "gone" in words))
    return Rule("" if kind == "-" else kind, grants, "everybody" in text.split())


def _of_admin() -> Iterator[tuple[str, str]]:
    """The rules of the pages that Django makes for every model."""
    for model, text in ADMIN.items():
        kind, *statements = [part.strip() for part in text.split("|")]
        who = {verb: " ".join(rest) for verb, *rest in map(str.split, statements)}
        who = {verb: who.get(verb, "") for verb in ("see", "add", "change", "delete")}
        yield f"admin:{model}_changelist", f"- | GET POST {who['see']}"
        yield f"admin:{model}_add", f"- | GET POST {who['add']}"
        yield f"admin:{model}_history", f"{kind} | GET POST {who['see']}"
        yield f"admin:{model}_change", f"{kind} | GET {who['see']} | POST {who['change']}"
        yield f"admin:{model}_delete", f"{kind} | GET POST {who['delete']}"
        yield f"admin/{model.replace('_', '/')}/<path:object_id>/", "- | GET POST marketing manager admin"


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    text: str

    @property
    def outcome(self) -> str:
        if self.status >= 500 and self.status != 503:  # not ready is an answer
            return BROKEN
        if self.status in (401, 403, 405) or "/login/" in self.location:
            return REFUSED
        return ABSENT if self.status == 404 or self.location == ADMIN_HOME else TAKEN


def ask(client: Client, method: str, path: str, pk: object = "", *, undo: bool = False) -> Answer:
    """What is answered, with the id of the row taken out of it. `undo` what it did, where it may do something."""
    headers = {"HX-Request": "true"} if method == PART else {}
    verb = getattr(client, "get" if method == PART else method.lower())
    reads = method in ("GET", PART, "HEAD")
    given: dict[str, Any] = {} if reads else {"data": {}, "content_type": "application/json"}
    cookies = client.cookies.copy()
    with transaction.atomic() if undo and given else nullcontext():
        answer = _answer(verb(path, headers=headers, **given), str(pk))
        if undo and given:
            transaction.set_rollback(True)
    client.cookies = cookies  # neither signed out nor told something that the next page would show
    return answer


def _answer(response: Any, pk: str) -> Answer:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    location = response.get("Location") or response.get("HX-Redirect") or ""
    text = re.sub(r"[\w-]{64}", "TOKEN", body.decode(errors="replace"))
    if pk:
        location, text = location.replace(pk, "ID"), text.replace(pk, "ID")
    return Answer(response.status_code, location, text)


def methods_of(address: Address, rule: Rule, *, named: bool = False) -> list[str]:
    """Parts are asked of pages only. `named`: without those that nobody may, which one row is enough for."""
    parts = rule.names(PART) and not address.route.startswith(("admin/", "api/"))
    return [method for method in METHODS if (parts if method == PART else rule.names(method) or not named)]


def is_static(address: Address) -> bool:
    """The last resort of the admin's addresses: it names nothing."""
    return bool(STATIC.match(address.route))
