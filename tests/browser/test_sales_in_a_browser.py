"""The queue with a keyboard, and a rule from nothing, in a real browser that may not complain about anything."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from leads.enums import HandoffState, Role
from leads.models import Handoff, Rule, Segment, User
from tests.browser.chromium import DESKTOP, PHONE, Window, screen
from tests.sales import hand_off, make_team, make_user, reason

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def window(chromium: webdriver.Chrome, live_server: Any) -> Iterator[Window]:
    chromium.get("about:blank")
    chromium.get_log("browser")
    screen(chromium, DESKTOP)
    yield Window(chromium, live_server.url)
    chromium.delete_all_cookies()


def come(window: Window, person: User) -> None:
    client = Client()
    client.force_login(person)
    window.open("/login/")
    window.browser.add_cookie({"name": "sessionid", "value": client.cookies["sessionid"].value})


def press(window: Window, keys: str) -> None:
    window.one("body").send_keys(keys)
    window.settle()


def shows(window: Window, *counts: Any) -> None:
    """Head of the group, sentence over the queue, side bar: all three are counted anew."""
    read: Callable[[], tuple[str, ...]] = lambda: (  # noqa: E731
        window.text("#group-fast-track"), window.text("#queue-line"), window.text("#count-waiting"),
    )  # fmt: skip
    window.until(lambda: read() == counts, f"{read()} and not {counts}")


def test_the_queue_is_worked_with_keys(window: Window, transactional_db: None) -> None:
    team = make_team()
    kim = make_user("Kim", team)
    reason()
    first, second = hand_off(team), hand_off(team)
    come(window, kim)
    window.open("/handoffs/")
    shows(window, "2", "2 wait for you, 2 for the team.", "2")
    press(window, "j")
    press(window, "s")
    window.until(lambda: window.one("#dialog").is_displayed(), "no dialog")
    assert "Snooze" in window.text("#dialog")
    window.one("#dialog button[type=submit], #dialog .btn.primary").click()
    window.until(lambda: "out of your queue until then" in window.text(f"#handoff-{first.pk}"), "not snoozed")
    shows(window, "1", "1 waits for you, 1 for the team.", "1")
    press(window, "j")
    press(window, "a")
    window.until(lambda: "is yours" in window.text(f"#handoff-{second.pk}"), "not accepted")
    assert Handoff.objects.get(pk=second.pk).state == HandoffState.ACCEPTED
    window.until(lambda: window.all(f"#handoff-{second.pk}.current"), "the keys lost their place")
    press(window, "z")
    window.until(lambda: "Taken back" in window.text(f"#handoff-{second.pk}"), "not taken back")
    shows(window, "1", "1 waits for you, 1 for the team.", "1")
    assert Handoff.objects.get(pk=second.pk).state == HandoffState.OPEN
    assert window.complaints == []


def test_an_answer_on_a_page_of_its_own_is_taken(window: Window, transactional_db: None) -> None:
    """From the lead page the forms are pages, without a dialog around them."""
    team = make_team()
    kim = make_user("Kim", team)
    reason()
    handoff = hand_off(team)
    come(window, kim)
    window.open(f"/leads/{handoff.lead_id}/")
    window.press("Snooze…")
    window.press("Snooze")
    assert Handoff.objects.get(pk=handoff.pk).snoozed_until is not None
    window.open(f"/leads/{handoff.lead_id}/")
    window.press("Recycle…")
    window.press("Recycle lead")
    assert Handoff.objects.get(pk=handoff.pk).state == HandoffState.RECYCLED
    assert window.complaints == []


def test_a_rule_is_made_on_one_page(window: Window, transactional_db: None) -> None:
    mara = make_user("Mara", make_team(), Role.MARKETING)
    hand_off(make_team())
    come(window, mara)
    window.open("/rules/")
    window.press("New rule")
    window.write("[name=name]", "Can be called")
    window.until(lambda: window.all(".cb-tree"), "no builder")
    assert "Nothing asked yet" in window.text(".cb-live")
    window.press("+ Who they are", within=".cb")
    field, comparison = (f'.cb select[aria-label="{label}"]' for label in ("Field", "Comparison"))
    window.choose(field, "Phone")
    window.choose(comparison, "is unknown")
    window.until(lambda: "1 of 1 leads matches" in window.text(".cb-live"), window.text(".cb-live"))
    window.one("[name=hand_off]").click()
    window.press("Save rule")
    assert "Can be called" in window.text("table") and "Hand off to sales" in window.text("table")
    rule = Rule.objects.get()
    assert (rule.actions, rule.segment) == ({"hand_off": True}, Segment.objects.get(name="Can be called"))
    window.press("Can be called", within="th")
    window.press("Delete the rule…")
    assert window.one("#delete").is_displayed()
    window.press("Keep it")
    assert not window.one("#delete").is_displayed()
    window.open("/rules/")
    window.one("main td form button").click()
    window.until(lambda: not Rule.objects.get().active, "still on")
    screen(window.browser, PHONE, dark=True)
    for path in ("/rules/", f"/rules/{rule.pk}/", "/handoffs/review/", "/segments/", "/nurture/"):
        window.open(path)
        assert window.browser.execute_script("return document.documentElement.scrollWidth") <= PHONE[0], path
    assert window.complaints == []


def test_tabs_reach_every_answer(window: Window, transactional_db: None) -> None:
    """Without a mouse and without the letters: every control of a row is reached by Tab, and has a name."""
    team = make_team()
    come(window, make_user("Kim", team))
    hand_off(team)
    window.open("/handoffs/")
    names = []
    window.one("main a").send_keys("")
    for _ in range(12):
        window.browser.switch_to.active_element.send_keys(Keys.TAB)
        at = window.browser.switch_to.active_element
        names.append(at.get_attribute("aria-label") or at.text)
    assert {"Accept", "Reject…"} <= set(names), names
    assert any(name.startswith("More for ") for name in names)
    controls = window.browser.find_elements(By.CSS_SELECTOR, ".handoff :is(a, button)")
    assert all(it.get_attribute("aria-label") or it.get_attribute("textContent").strip() for it in controls)
