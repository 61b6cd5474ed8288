"""Speaking to one Salesforce org: simple-salesforce writes the requests, our own guarded way out carries them.

simple-salesforce has hosts of its own in mind. Whatever it names, the request goes to the address of the connection,
its My Domain, which serves signing in, data and Bulk alike: no answer leads us, or a token, to another host.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.login import SalesforceLogin

from leads.crm.http import Http, Reply
from leads.crm.words import Access, Busy, CrmError, Denied

VERSION = "62.0"
LIMIT_PAUSE = 900.0  # seconds of silence after REQUEST_LIMIT_EXCEEDED: the limit is one of 24 hours that roll
LIMITS = ("REQUEST_LIMIT_EXCEEDED", "TOTAL_REQUEST_LIMIT_EXCEEDED", "CONCURRENT_REQUESTS_LIMIT_EXCEEDED")
FORWARDED = ("Accept", "Content-Type", "Sforce-Query-Options")
SESSION = "session"  # the secret that keeps a session from one run to the next


class OrgHttp(Http):
    """Salesforce says that it had enough with 403, and that a key is wrong with 400."""

    def _refusal(self, reply: Reply) -> CrmError:
        said = self.words(reply)
        if any(limit in said for limit in LIMITS):
            return Busy(said, pause=LIMIT_PAUSE, status=reply.status)
        if reply.status == 400 and said.startswith("Signing in"):
            return Denied(said, status=reply.status)
        return super()._refusal(reply)


class Org:
    """What the connector asks. Raises what connectors raise (leads/crm/words.py)."""

    def __init__(self, access: Access):
        self.access = access
        headers = _bearer(access.secrets[SESSION]) if access.secrets.get(SESSION) else {}
        self.http = OrgHttp(access.base_url, headers, words=words, renew=self._renew, hidden=access.secrets.values())

    def query(self, soql: str, *, deleted: bool = False) -> list[dict[str, Any]]:
        """Every record of the query; `deleted`: also those in the recycle bin."""
        with _whole_answers():
            page = self.sf.query(soql, include_deleted=deleted)
            records = page["records"]
            while not page["done"]:
                page = self.sf.query_more(page["nextRecordsUrl"], identifier_is_url=True)
                records += page["records"]
            return list(records)

    def rest(self, path: str, method: str = "GET", **more: Any) -> Any:
        with _whole_answers():
            return self.sf.restful(path, method=method, **more)

    def tooling(self, path: str, body: Mapping[str, Any]) -> Any:
        with _whole_answers():
            return self.sf.toolingexecute(path, "POST", dict(body))

    def me(self) -> dict[str, Any]:
        with _whole_answers():
            return dict(self.sf.oauth2("userinfo") or {})

    def bulk_result(self, job: str, locator: str, most: int) -> tuple[str, int, str]:
        """(CSV, how many records it has, what asks for the next page or "")."""
        params = {"maxRecords": str(most)} | ({"locator": locator} if locator else {})
        url = f"{self.sf.bulk2_url}query/{job}/results"
        answer = self.sf.session.get(url, params=params, headers={"Accept": "text/csv"})
        following = answer.headers.get("Sforce-Locator", "")
        count = answer.headers.get("Sforce-NumberOfRecords", "")
        return answer.text, int(count or 0), "" if following == "null" else following

    @cached_property
    def sf(self) -> Salesforce:
        if not self.http.headers:
            self.http.headers = self._renew()
        host = urlsplit(self.access.base_url).netloc
        return Salesforce(
            session_id="kept by Http", instance=host, session=_session(self.http), version=VERSION,
            object_pairs_hook=dict,
        )  # fmt: skip

    def _renew(self) -> Mapping[str, str]:
        """Sign in anew; the session is kept for the runs to come."""
        self.http.calls += 1
        token = sign_in(self.access)
        self.access.remember(SESSION, token)
        return _bearer(token)


def sign_in(access: Access) -> str:
    """A session, by client credentials or by a signed assertion (JWT). Raises Denied where the key is not good."""
    host = urlsplit(access.base_url).hostname or ""
    username, private_key = access.options.get("username", ""), access.secrets.get("private_key", "")
    more: dict[str, Any] = {"consumer_secret": access.secrets.get("consumer_secret", ""), "domain": "the-domain.my"}
    if username and private_key:
        # The audience of an assertion is the login server, not the org.
        more = {"username": username, "privatekey": private_key, "domain": "test" if ".sandbox." in host else "login"}
    try:
        session = _session(OrgHttp(access.base_url, words=words, hidden=access.secrets.values()))
        token, _ = SalesforceLogin(consumer_key=access.secrets.get("consumer_key", ""), session=session, **more)
    except (SalesforceAuthenticationFailed, AttributeError):  # what is refused has been raised before
        raise Busy("The answer to signing in was cut short.") from None
    except (CrmError, RuntimeError):  # the latter: a transaction is open
        raise
    except Exception as error:  # what the library of keys raises for text that is no key
        raise Denied(f"The private key cannot be used: {error}. Paste the PEM text of the RSA key.") from None
    if not token:
        raise Busy("The answer to signing in had no session.")
    return str(token)


def words(reply: Reply) -> str:
    """What Salesforce says, with its code: "Session expired or invalid (INVALID_SESSION_ID)"."""
    try:
        said = json.loads(reply.text)
    except ValueError:
        return reply.text[:300]
    if isinstance(said, dict) and said.get("error"):
        return f"Signing in was refused: {said.get('error_description') or said['error']} ({said['error']})."
    first = said[0] if isinstance(said, list) and said else said
    if isinstance(first, dict) and first.get("message"):
        return f"{first['message']} ({first.get('errorCode', reply.status)})"
    return reply.text[:300]


class _Adapter(BaseAdapter):
    """Carries the requests of a session by Http, which waits, tries again, signs in and names what is wrong."""

    def __init__(self, http: Http):
        super().__init__()
        self.http = http

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        body = request.body.encode() if isinstance(request.body, str) else request.body
        names = FORWARDED if self.http.renew else (*FORWARDED, "Authorization")
        reply = self.http.send(
            request.method or "GET", request.path_url, body if isinstance(body, bytes) else b"",
            headers={name: str(request.headers[name]) for name in names if name in request.headers},
            once=request.method == "POST" and "/sobjects" in request.path_url,
        )  # fmt: skip
        response = requests.Response()
        response.status_code, response.url, response.request = reply.status, request.url or "", request
        response.headers, response.encoding = CaseInsensitiveDict(reply.headers), "utf-8"
        response._content = reply.text.encode()
        return response

    def close(self) -> None:
        pass


def _session(http: Http) -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # no proxy and no password of the environment
    session.mount("https://", _Adapter(http))
    session.mount("http://", _Adapter(http))
    return session


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@contextmanager
def _whole_answers() -> Iterator[None]:
    """An answer that is no JSON was cut short."""
    try:
        yield
    except (requests.JSONDecodeError, json.JSONDecodeError):
        raise Busy("The answer ended in its middle.") from None
