"""Speaking to Tryton: the JSON-RPC of its own client, within a session and for the company of its user."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from leads.crm.http import Http
from leads.crm.words import Access, Busy, CrmError, Denied


class Api:
    """The methods of its models. Raises what a connector raises."""

    def __init__(self, access: Access):
        self.access = access
        self.http = Http(access.base_url, renew=self._sign_in, hidden=access.secrets.values())

    def rows(self, model: str, domain: Sequence[Any], fields: Sequence[str], limit: int | None = None,
             order: str = "ASC") -> list[dict[str, Any]]:  # fmt: skip
        return list(self.call(model, "search_read", list(domain), 0, limit, [["id", order]], list(fields)))

    def call(self, model: str, method: str, *params: Any, once: bool = False) -> Any:
        """`once`: what would be done twice if it were asked again."""
        return self._ask(f"model.{model}.{method}", *params, self.context, once=once)

    @cached_property
    def context(self) -> dict[str, Any]:
        """Without a company Tryton shows nothing of it; archived records are records."""
        preferences = self._ask("model.res.user.get_preferences", True, {})
        if not preferences.get("company"):
            raise Denied("The user has no company in Tryton: give it one, under Administration, Users.")
        return {"company": preferences["company"], "active_test": False}

    def _ask(self, method: str, *params: Any, once: bool = False) -> Any:
        answer = self.http.json("POST", self._path, {"id": 0, "method": method, "params": list(params)}, once=once)
        if not isinstance(answer, dict) or not {"result", "error"} & answer.keys():
            raise Busy("The answer is none that Tryton would give.")
        if "error" not in answer:
            return answer["result"]
        kind, said = (*answer["error"], "")[:2]
        if kind in ("UserError", "UserWarning"):
            raise CrmError(str(said[0] if isinstance(said, list) else said), permanent=True)
        if kind == "ConcurrencyException" or "locked" in str(kind):
            raise Busy("Somebody else is writing the same.")
        raise CrmError(str(kind)[:300], permanent=True)

    @property
    def _path(self) -> str:
        return f"/{self.access.options.get('database', '')}/rpc/"

    def _sign_in(self) -> Mapping[str, str]:
        """A session; also called when the last one ended."""
        login, password = self.access.options.get("login", ""), self.access.secrets.get("password", "")
        door = Http(self.access.base_url, hidden=self.access.secrets.values())
        try:
            body = {"id": 0, "method": "common.db.login", "params": [login, {"password": password}, "en"]}
            user, session, *_ = door.json("POST", self._path, body)["result"]
        except Denied:
            raise Denied("Tryton does not know this user with this password in this database.") from None
        return {"Authorization": "Session " + b64encode(f"{login}:{user}:{session}".encode()).decode()}
