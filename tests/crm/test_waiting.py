"""A person waits for a page that asks the CRM: it answers within seconds whatever the CRM does, and asks once."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from leads.crm.http import Http, somebody_waits
from leads.crm.registry import CONNECTORS
from leads.crm.words import Busy
from leads.enums import CrmKind, Role
from leads.models import Connection
from tests.fakes.hubspot import HubSpotCrm
from tests.leads.api import Caller
from tests.sales import make_team, make_user

KEYS = {
    "hubspot": {"token": "pat-0123456789"}, "salesforce": {"consumer_key": "key", "consumer_secret": "secret"},
    "odoo": {"api_key": "0123456789"}, "tryton": {"password": "0123456789"},
}  # fmt: skip


@pytest.fixture
def hole(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[str]:
    """The address of a server that takes connections and never says a word."""
    monkeypatch.setattr("leads.crm.http.EACH", 0.2)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        host = f"127.0.0.1:{server.getsockname()[1]}"
        settings.OUTBOUND_ALLOWLIST = [host]
        yield f"http://{host}"


@pytest.fixture
def crm(db: None, settings: Any) -> Iterator[HubSpotCrm]:
    with HubSpotCrm() as fake:
        settings.OUTBOUND_ALLOWLIST = [fake.base_url.removeprefix("http://")]
        yield fake


def connected(slug: str, base_url: str) -> Connection:
    options = {"database": "acme", "login": "me"} if slug in ("odoo", "tryton") else {}
    connection = Connection.make(make_team(), crm=slug, name=slug, slug=slug, base_url=base_url, options=options)
    for name, text in KEYS[slug].items():
        connection.keep_secret(name, text)
    return connection


@pytest.mark.parametrize("slug", CONNECTORS)
def test_a_crm_that_never_answers_keeps_nobody_waiting(db: None, client: Client, hole: str, slug: str) -> None:
    at = f"/connections/{connected(slug, hole).pk}"
    mia = make_user("Mia", make_team(), Role.MARKETING)
    client.force_login(mia)
    before = time.monotonic()
    tested = client.post(f"{at}/tests")
    assert [check.ok for check in tested.context["checks"]] == [False], tested.context["checks"]
    shown = [client.get(f"{at}/fields/"), client.post(f"{at}/stages/", {"read": "1"}), client.post(f"{at}/trial/")]
    assert [answer.status_code for answer in shown] == [200, 200, 200]
    knows_its_stages = slug == "tryton"
    assert ["cut off" in answer.context["wrong"] for answer in shown] == [True, not knows_its_stages, True]
    assert Caller(mia).post(f"{at.removeprefix('/')}/trials", {}).status_code == 503
    assert time.monotonic() - before < 15  # with all patience of a run: twenty minutes


def test_patience_is_for_all_that_is_asked_together(hole: str) -> None:
    http = Http(hole)
    before = time.monotonic()
    with somebody_waits(0.3):
        for _ in range(20):
            with pytest.raises(Busy):
                http.send("GET", "/")
    assert (http.calls, time.monotonic() - before < 2) == (2, True)


def test_the_fields_are_asked_for_once_and_again_when_somebody_wants_it(crm: HubSpotCrm, client: Client) -> None:
    crm.add(CrmKind.CONTACTS, email="ana@example.com", first_name="Ana")
    connection = connected("hubspot", crm.base_url)
    connection.keep_secret("token", crm.secrets["token"])
    at = f"/connections/{connection.pk}/fields/?kind=contacts"
    client.force_login(make_user("Mia", make_team(), Role.MARKETING))
    assert "ana@example.com" in client.get(at).text
    one = {
        "f-TOTAL_FORMS": 1,
        "f-INITIAL_FORMS": 0,
        "f-0-theirs": "firstname",
        "f-0-ours": "first_name",
        "f-0-flow": "both",
    }
    assert client.post(at, one).status_code == 302
    client.get(at)
    assert crm.counted("fields") == 1
    client.post(at, {"again": "1"})
    assert crm.counted("fields") == 2

    crm.fail("denied", "fields", times=99)
    shown = client.post(at, {"again": "1"})
    assert "scopes" in shown.context["wrong"]
    assert "ana@example.com" in shown.text  # as it was said before
    assert client.get(at).context["wrong"] == ""


def test_another_key_shows_other_fields(crm: HubSpotCrm, client: Client) -> None:
    connection = connected("hubspot", crm.base_url)
    connection.keep_secret("token", crm.secrets["token"])
    client.force_login(make_user("Mia", make_team(), Role.MARKETING))
    at = f"/connections/{connection.pk}"
    client.get(f"{at}/fields/")
    said = {"name": "HubSpot", "creates": "handed_off", "base_url": crm.base_url, "setting_token": "pat-another-one-99"}
    assert client.post(f"{at}/settings/", said).status_code == 302
    assert client.get(f"{at}/fields/").context["theirs"].fields is None


def test_without_the_cache_it_is_asked_each_time(crm: HubSpotCrm, monkeypatch: pytest.MonkeyPatch) -> None:
    from leads.crm.setup.remembered import fields_of

    connection = connected("hubspot", crm.base_url)
    connection.keep_secret("token", crm.secrets["token"])
    crm.add(CrmKind.CONTACTS, email="ana@example.com")

    def away(*_: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(cache, "get", away)
    monkeypatch.setattr(cache, "set", away)
    assert fields_of(connection, CrmKind.CONTACTS).fields
    assert fields_of(connection, CrmKind.CONTACTS).fields
    assert crm.counted("fields") == 2
