"""The main job as people do it: with a mouse, a keyboard and a browser that may not complain about anything."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from celery.contrib.testing.worker import start_worker
from django.db import connections
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from leads.enums import Role
from leads.models import ApiToken, Lead, User
from leadscore.celery import app
from scoring.models import ScoringModel
from tests.browser.chromium import DESKTOP, PHONE, Window, screen
from tests.sales import make_team, make_user
from tests.scoring.workshop import make_model

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FILE = Path(__file__).parent.parent / "journeys" / "files" / "messe.csv"
PASSWORD = "a long good phrase"


@pytest.fixture
def worker(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Celery worker beside the web server: it does what pages wake it for, and nothing else."""
    # Its threads are not ours to clean up: they keep no connection.
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=20):
        yield


@pytest.fixture
def window(chromium: webdriver.Chrome, live_server: Any, settings: Any, tmp_path: Path) -> Iterator[Window]:
    settings.MEDIA_ROOT = tmp_path
    chromium.get("about:blank")
    chromium.get_log("browser")
    screen(chromium, DESKTOP)
    yield Window(chromium, live_server.url)
    chromium.delete_all_cookies()


@pytest.fixture
def people(transactional_db: None) -> tuple[User, User]:
    """Mara of marketing and Rob of sales, and a model she has not published yet."""
    team = make_team("Europe")
    mara, rob = make_user("Mara", team, Role.MARKETING), make_user("Rob", team, Role.REP)
    for person in (mara, rob):
        person.set_password(PASSWORD)
        person.save()
    make_model()
    ScoringModel.objects.update(fit_limits=[15, 10, 5], engagement_limits=[8, 6, 3])
    return mara, rob


def test_the_main_job(window: Window, worker: None, people: tuple[User, User]) -> None:
    mara, rob = people
    window.sign_in(mara.email, PASSWORD)
    imports_a_file(window)
    edits_a_criterion(window)
    publishes(window)
    lead = opens_a_lead(window, "Jörg Müller", score=15)
    token = ApiToken.issue(mara, scope=ApiToken.WRITE)[1]
    for who in ("j.mueller@strassenbau-nord.de", "t.brandt@hafenlogistik.de"):
        looks_at_prices(window, token, who)
    window.until(lambda: (window.open(lead), scores(window) == (23, 23))[1], "the score never changed")
    assert "A1" in window.text(".page-head")
    window.sign_out()
    window.sign_in(rob.email, PASSWORD)
    accepts_with_a_key(window)
    rejects_in_the_dialog(window)
    fits_a_phone_and_the_dark(window, ["/", "/handoffs/?tab=accepted", "/leads/", lead])
    window.sign_out()
    window.sign_in(mara.email, PASSWORD)
    model = ScoringModel.objects.get()
    fits_a_phone_and_the_dark(
        window,
        ["/", "/imports/", "/handoffs/", "/companies/", "/reports/", "/scoring/", f"/scoring/models/{model.pk}/"],
    )
    assert window.complaints == []


def test_what_the_policy_refuses_is_heard(window: Window) -> None:
    """Negative control: a page with an inline style would not go unnoticed."""
    window.open("/login/")
    assert window.complaints == []
    window.browser.execute_script("document.head.append(document.createElement('style'))")
    window.browser.execute_script("document.querySelector('style').textContent = 'body { color: red }'")
    window.settle()
    assert "Content Security Policy" in window.complaints[0]


def imports_a_file(window: Window) -> None:
    window.open("/imports/")
    window.one("input[type=file]").send_keys(str(FILE))
    window.press("Look through the file")
    assert "First 5 rows as they will be stored" in window.text()
    assert "kein-at.example Skipped. No @ sign." in " ".join(window.text("#check").split())
    window.press("Import 7 rows")
    window.until(lambda: "Skipped\n1\nof 7 rows" in window.text(), "the import never ended")
    assert "Download these rows" in window.text()


def edits_a_criterion(window: Window) -> None:
    """The sentence and the number of leads follow what is chosen."""
    window.open("/scoring/")
    window.press("Inbound")
    window.press("200 or more employees")
    says = lambda words: window.until(lambda: words in window.text(".cb-live"), words)  # noqa: E731
    says("Employees is at least 200.")
    says("3 of 6 leads match")
    window.write('.cb input[aria-label="Value"]', "1000")
    says("Employees is at least 1,000.")
    says("2 of 6 leads match")
    window.click("[name=_save]")
    assert "Employees is at least 1,000" in window.text("body")


def publishes(window: Window) -> None:
    window.open("/scoring/")
    window.press("Inbound")
    window.write("[name=note]", "Only large companies.")
    window.press("Publish version 1")
    window.until(lambda: "Version 1 is live: of 6 leads 6 got another score" in window.text(), "it never went live")


def opens_a_lead(window: Window, name: str, *, score: int) -> str:
    window.open("/leads/")
    window.press(name)
    assert scores(window) == (score, score)
    assert "Employees" not in window.text("#why") and "200 or more employees" in window.text("#why")
    assert "First score, by version 1" in window.text("#changed")
    return re.sub(r"^https?://[^/]+", "", window.browser.current_url)


def scores(window: Window) -> tuple[int, int]:
    """The score of the lead page, and the sum of the ledger that is fetched after it."""
    return int(window.one(".dial.xl text").text), int(window.one("#why tfoot td").text)


def looks_at_prices(window: Window, token: str, email: str) -> None:
    event = {"kind": "page_viewed", "email": email, "properties": {"url": "/pricing"}}
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urlopen(Request(f"{window.address}/api/v1/events", json.dumps(event).encode(), headers)) as answer:
        assert answer.status == 201


def accepts_with_a_key(window: Window) -> None:
    window.open("/handoffs/")
    assert len(window.all(".handoff")) == 2
    first = window.one(".handoff .who a").text
    window.one("body").send_keys("j")
    assert window.one(".handoff.current .who a").text == first
    window.browser.switch_to.active_element.send_keys("a")
    window.until(lambda: f"{first} is yours." in window.text(), "the answer never came")


def rejects_in_the_dialog(window: Window) -> None:
    """With the keyboard to the dialog, Cancel leaves it, the reason must be chosen."""
    window.one("body").send_keys("j")
    second = window.one(".handoff.current .who a").text
    for ends in ("Cancel", "Reject lead"):
        window.browser.switch_to.active_element.send_keys("r")
        dialog = window.until(lambda: next(iter(window.all("dialog[open]")), None), "no dialog")
        assert f"Reject {second}" in dialog.text
        if ends == "Reject lead":
            dialog.find_element(By.XPATH, ".//label[contains(., 'No budget')]").click()
            dialog.find_element(By.NAME, "comment").send_keys("Cut in August.", Keys.TAB)
        window.press(ends, within="dialog[open]")
        window.until(lambda: not window.all("dialog[open]"), "the dialog stays")
    window.until(lambda: f"{second} is rejected. Marketing sees your answer." in window.text(), "no answer")
    assert Lead.objects.filter(handoffs__state="rejected").count() == 1


def fits_a_phone_and_the_dark(window: Window, paths: list[str]) -> None:
    for path in paths:
        screen(window.browser, PHONE, dark=True)
        window.open(path)
        wide = window.browser.execute_script("return document.documentElement.scrollWidth")
        assert wide <= PHONE[0], f"{path} is {wide} wide on a phone of {PHONE[0]}"
        assert lightness(window, "backgroundColor") < 60 < 180 < lightness(window, "color"), path
        screen(window.browser, DESKTOP)
        assert lightness(window, "color") < 60 < 180 < lightness(window, "backgroundColor"), path


def lightness(window: Window, name: str) -> float:
    """0 to 255, of a colour of the page."""
    colour = window.browser.execute_script(LIGHTNESS, name)
    return sum(colour) / 3


# Painted on a canvas, because a computed colour may be in any notation.
LIGHTNESS = """const canvas = document.createElement("canvas").getContext("2d");
canvas.fillStyle = getComputedStyle(document.body)[arguments[0]];
canvas.fillRect(0, 0, 1, 1);
return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);"""
