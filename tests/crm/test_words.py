"""What is told when a CRM does not do it: what to do about it, and never a key."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from leads.crm.http import Http
from leads.crm.registry import understood
from leads.crm.words import Busy, CrmError, Denied
from tests.fakes.served import Request, Response, ServedCrm

KEY = "canary-0123456789"


class Saying(ServedCrm):
    """A server that has one answer for everything."""

    response: Response

    def operation(self, request: Request) -> str:
        return "any"

    def answer(self, request: Request) -> Response:
        return self.response


@pytest.fixture
def said(settings: Any, db: None) -> Iterator[Callable[[Response], Http]]:
    """Http to a server that says that and nothing else."""
    with Saying() as crm:
        settings.OUTBOUND_ALLOWLIST = [crm.base_url.removeprefix("http://")]

        def answering(response: Response) -> Http:
            crm.response = response
            return Http(crm.base_url, {"Authorization": f"Bearer {KEY}"}, hidden=["a second secret"])

        yield answering


@pytest.mark.parametrize(("status", "kind"), [(400, CrmError), (401, Denied), (429, Busy)])
def test_what_it_repeats_of_our_keys_is_not_kept(said: Callable[[Response], Http], status: int, kind: Any) -> None:
    with pytest.raises(kind) as told:
        said(Response(status, f"No: Bearer {KEY}, a second secret")).json("GET", "/")
    assert str(told.value) == "No: Bearer …, …"


def test_it_has_moved(said: Callable[[Response], Http]) -> None:
    moved = Response(301, "", {"Location": f"https://new.example.com/?key={KEY}"})
    with pytest.raises(Denied, match="^It sends us on to new.example.com: enter the address where it is now.$"):
        said(moved).json("GET", "/")


def test_a_page_for_people_is_no_answer_cut_short(said: Callable[[Response], Http]) -> None:
    with pytest.raises(Busy, match="is this the address of the CRM"):
        said(Response(200, "<!doctype html>")).json("GET", "/")


@pytest.mark.parametrize(("after", "pause"), [("120", 120.0), ("", None)])
def test_who_asks_for_a_pause_gets_it(said: Callable[[Response], Http], after: str, pause: float | None) -> None:
    """429 with and without Retry-After: for long, the run ends at once; else it is tried a few times, soon."""
    http = said(Response(429, "Slowly", {"Retry-After": after} if after else {}))
    with pytest.raises(Busy, match="^Slowly$") as told:
        http.json("GET", "/")
    assert (told.value.pause, http.calls) == (pause, 1 if pause else 4)


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
