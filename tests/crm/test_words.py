"""What is told when a CRM does not do it: what to do about it, and never a key."""

from collections.abc import Mapping
from typing import Any

import pytest

from leads.crm.base import Busy, CrmError, Denied
from leads.crm.http import Http
from leads.crm.registry import understood
from leads.outgoing import client

KEY = "canary-0123456789"


def answers(monkeypatch: pytest.MonkeyPatch, status: int, body: str, headers: Mapping[str, str] | None = None) -> Http:
    answer = client.Answer(status, body.encode(), headers=headers or {})
    monkeypatch.setattr(client, "request", lambda *args, **more: answer)
    return Http("https://crm.example.com", {"Authorization": f"Bearer {KEY}"}, hidden=["a second secret"])


@pytest.mark.parametrize(("status", "kind"), [(400, CrmError), (401, Denied), (429, Busy)])
def test_what_it_repeats_of_our_keys_is_not_kept(monkeypatch: pytest.MonkeyPatch, status: int, kind: Any) -> None:
    monkeypatch.setattr("leads.crm.http.FIRST_WAIT", 0.0)
    http = answers(monkeypatch, status, f"No: Bearer {KEY}, a second secret")
    with pytest.raises(kind) as told:
        http.json("GET", "/")
    assert str(told.value) == "No: Bearer …, …"


def test_it_has_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    http = answers(monkeypatch, 301, "", {"location": f"https://new.example.com/?key={KEY}"})
    with pytest.raises(Denied, match="^It sends us on to new.example.com: enter the address where it is now.$"):
        http.json("GET", "/")


def test_a_page_for_people_is_no_answer_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Busy, match="is this the address of the CRM"):
        answers(monkeypatch, 200, "<!doctype html>").json("GET", "/")


@pytest.mark.parametrize("path", ["https://elsewhere.example.com/", "@elsewhere.example.com/", ""])
def test_no_path_leads_to_another_host(path: str) -> None:
    with pytest.raises(ValueError, match="begins with a slash"):
        Http("https://crm.example.com").send("GET", path)


@pytest.mark.parametrize("sign", ["\n", "\u2026"])
def test_a_key_that_is_no_header_is_not_repeated(sign: str, settings: Any, db: None) -> None:
    from tests.fakes.hubspot import HubSpotCrm

    with HubSpotCrm() as crm:
        settings.OUTBOUND_ALLOWLIST = [crm.base_url.removeprefix("http://")]
        with pytest.raises(Denied) as told:
            Http(crm.base_url, {"Authorization": f"Bearer {KEY}{sign}x"}).send("GET", "/")
    assert "enter the key anew" in str(told.value)
    assert KEY not in str(told.value)


def test_an_answer_of_something_else_says_what_to_do() -> None:
    answer: dict[str, Any] = {}
    with pytest.raises(CrmError, match="^It does not answer as this CRM does: check the address.$"):
        understood(lambda: answer["results"])
    with pytest.raises(Busy, match="^Later$"):
        understood(_busy)


def _busy() -> None:
    raise Busy("Later")
