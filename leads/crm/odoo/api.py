"""Speaking to Odoo: JSON-2 where it is 19 or later, JSON-RPC before. The methods of its models are the same by both."""

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from leads.crm.http import Http, Reply
from leads.crm.words import Access, Busy, CrmError, Denied

FIRST_JSON_2 = 19
DENIED = ("AccessDenied", "SessionExpiredException")
NO_RIGHT = "AccessError"  # on these records or this model, which says nothing of others
# Two were faster than one could see, or the server is about to start again: asked once more, it works.
PASSING = ("SerializationFailure", "DeadlockDetected", "LockNotAvailable", "OperationalError", "ConcurrencyError")
MISSING = "MissingError"
ALL = {"active_test": False}  # archived rows are rows: a lost opportunity is archived


class OdooError(CrmError):
    """Odoo raised it, and would raise it again. `name`: of the exception, without its module."""

    def __init__(self, reason: str, name: str):
        super().__init__(reason, permanent=True)
        self.name = name


class NoRightError(Denied):
    """The user may not do this with these records; with others it may."""


class Api:
    """Calls of one database. Raises what connectors raise (leads/crm/words.py), and OdooError."""

    def __init__(self, access: Access):
        self.access = access
        self.http = OdooHttp(access.base_url, words=words, hidden=access.secrets.values())

    def call(self, model: str, method: str, ids: Sequence[int] | None = None, *, once: bool = False,
             **named: Any) -> Any:  # fmt: skip
        """What a method of a model answers; `ids` are the records it is called on.

        `once`: doing it twice would make two of something.
        """
        send = self._by_json_2 if self.version >= FIRST_JSON_2 else self._by_rpc
        return send(model, method, ids, named, once)

    def rows(self, model: str, domain: Sequence[Any], fields: Sequence[str], limit: int | None = None,
             order: str = "id asc") -> list[dict[str, Any]]:  # fmt: skip
        """Also the archived ones."""
        asked: dict[str, Any] = {"domain": list(domain), "fields": list(fields), "order": order, "context": ALL}
        if limit:
            asked["limit"] = limit
        return list(self.call(model, "search_read", **asked))

    def make(self, model: str, values: Sequence[Mapping[str, Any]]) -> list[int]:
        """Ids of the new rows, in order: all or none are made."""
        return list(self.call(model, "create", once=True, vals_list=[dict(each) for each in values]))

    @cached_property
    def version(self) -> int:
        """The main number. Who no longer knows the old way is new."""
        try:
            said = self._rpc("common", "version", [])
        except CrmError as error:
            if error.status == 404:
                return FIRST_JSON_2
            raise
        digits = "".join(filter(str.isdigit, str(said.get("server_version_info", ["0"])[0])))
        return int(digits or 0)

    # The new way

    def _by_json_2(self, model: str, method: str, ids: Sequence[int] | None, named: Mapping[str, Any],
                   once: bool) -> Any:  # fmt: skip
        headers = {"Authorization": f"bearer {self.access.secrets.get('api_key', '')}"}
        if database := self.access.options.get("database"):
            headers["X-Odoo-Database"] = database
        body = dict(named) | ({"ids": list(ids)} if ids is not None else {})
        data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        return self.http.send("POST", f"/json/2/{model}/{method}", data, headers=headers, once=once).json()

    # The old way

    def _by_rpc(self, model: str, method: str, ids: Sequence[int] | None, named: Mapping[str, Any],
                once: bool) -> Any:  # fmt: skip
        positional: list[Any] = [list(ids)] if ids is not None else []
        named = dict(named)
        if method == "create":  # the only one that wants its argument by place
            positional.append(named.pop("vals_list"))
        secret = self.access.secrets.get("api_key", "")
        args = [self.access.options.get("database", ""), self._user, secret, model, method, positional, named]
        return self._rpc("object", "execute_kw", args, once=once)

    @cached_property
    def _user(self) -> int:
        options = self.access.options
        args = [options.get("database", ""), options.get("login", ""), self.access.secrets.get("api_key", ""), {}]
        user = self._rpc("common", "authenticate", args)
        if not user:
            raise Denied("Odoo does not know this user with this API key in this database: check all three.")
        return int(user)

    def _rpc(self, service: str, method: str, args: Sequence[Any], *, once: bool = False) -> Any:
        params = {"service": service, "method": method, "args": list(args)}
        body = {"jsonrpc": "2.0", "method": "call", "id": 1, "params": params}
        answer = self.http.json("POST", "/jsonrpc", body, once=once)
        if not isinstance(answer, dict):
            raise Busy("The answer is none that Odoo would give.")
        if "error" in answer:
            data = answer["error"].get("data") or {}
            raise raised(str(data.get("name", "")), str(data.get("message") or answer["error"].get("message", "")))
        return answer.get("result")


class OdooHttp(Http):
    """An exception of Odoo is no server that is down, though JSON-2 answers 500 for most of them."""

    def _try(self, method: str, url: str, body: bytes, own: Mapping[str, str]) -> tuple[Reply | None, str]:
        reply, trouble = super()._try(method, url, body, own)
        if reply and reply.status == 500 and (name := _exception(reply).get("name")) and not _passes(name):
            reply = Reply(422, reply.text, reply.headers)
        return reply, trouble

    def _refusal(self, reply: Reply) -> CrmError:
        said = _exception(reply)
        if said.get("name") and reply.status != 401:
            return raised(said["name"], said.get("message", ""))
        return super()._refusal(reply)


def raised(name: str, message: str) -> CrmError:
    """What an exception of Odoo is to us."""
    short = name.rpartition(".")[2]
    said = message.strip() or short or "Odoo failed without a word."
    if _passes(name):
        return Busy(said)
    if short == NO_RIGHT:
        return NoRightError(said)
    return Denied(said) if short in DENIED else OdooError(said, short)


def words(reply: Reply) -> str:
    said = _exception(reply).get("message") or reply.text
    return str(said)[:300]


def _exception(reply: Reply) -> dict[str, Any]:
    try:
        said = json.loads(reply.text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _passes(name: str) -> bool:
    return name.rpartition(".")[2] in PASSING
