"""The condition builder in a real browser, as a marketer meets it in the admin."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from leads.enums import Role
from leads.models import Lead
from scoring.models import Criterion, ScoringModel
from tests.sales import make_team, make_user
from tests.scoring.workshop import add, field, make_lead, make_model, record

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Page:
    """The form of a criterion."""

    def __init__(self, browser: webdriver.Chrome):
        self.browser = browser

    def wait(self, ready: Callable[[Any], Any]) -> Any:
        return WebDriverWait(self.browser, 10, ignored_exceptions=[StaleElementReferenceException]).until(ready)

    def all(self, css: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, f".cb {css}")

    def press(self, words: str) -> None:
        next(button for button in self.all("button") if button.text == words).click()

    def choose(self, label: str, value: str) -> None:
        Select(self.all(f'select[aria-label="{label}"]')[-1]).select_by_value(value)

    def write(self, label: str, value: str) -> None:
        entry = self.all(f'input[aria-label="{label}"]')[-1]
        entry.clear()
        entry.send_keys(value)

    def says(self, words: str) -> None:
        self.wait(lambda _: words in self.all(".cb-live")[0].text)

    @property
    def condition(self) -> Any:
        return json.loads(self.browser.find_element(By.NAME, "condition").get_attribute("value") or "null")

    def fill(self, **values: Any) -> None:
        for name, value in values.items():
            self.browser.find_element(By.NAME, name).send_keys(value)

    def save(self) -> None:
        self.browser.find_element(By.NAME, "_save").click()


@pytest.fixture
def model(transactional_db: None) -> ScoringModel:
    lead = make_lead(make_team())
    record(lead, "page_viewed", 1, url="/pricing")
    make_lead(make_team(), title="Clerk")
    return make_model()


@pytest.fixture
def open_page(chromium: webdriver.Chrome, live_server: Any) -> Callable[..., Page]:
    def open_(name: str, *args: Any, query: str = "") -> Page:
        client = Client()
        client.force_login(make_user("Mara", make_team(), Role.MARKETING))
        chromium.get(f"{live_server.url}/health/live")
        cookie = client.cookies["sessionid"]
        chromium.add_cookie({"name": "sessionid", "value": cookie.value})
        chromium.get(f"{live_server.url}{reverse(name, args=args)}{query}")
        page = Page(chromium)
        page.wait(lambda _: page.all(".cb-tree"))
        return page

    return open_


def test_a_criterion_is_built_without_json(model: ScoringModel, open_page: Callable[..., Page]) -> None:
    page = open_page("admin:scoring_criterion_add", query=f"?model={model.pk}")
    page.says("Nothing asked yet")
    page.press("+ Who they are")
    page.write("Value", "VP")
    page.says("1 of 2 leads matches")
    page.press("+ Who they are")
    page.choose("Field", "company.industry")
    page.choose("Comparison", "any_of")
    page.all(".cb-chips input")[0].send_keys("Manufacturing, Retail", Keys.ENTER)
    page.press("+ What they did")
    page.choose("What they did", "page_viewed")
    page.press("+ where")
    page.write("Value", "/pricing")
    page.says("“Manufacturing” or “Retail” and viewed a page where url contains “/pricing” in the last 30 days.")
    page.fill(name="A VP who looks at prices", points="12")
    Select(page.browser.find_element(By.NAME, "group")).select_by_visible_text("Buying")
    page.save()
    page.wait(lambda _: Criterion.objects.filter(name="A VP who looks at prices").exists())
    assert Criterion.objects.get(name="A VP who looks at prices").condition == {"all": [
        field("title", "contains", "VP"),
        field("company.industry", "any_of", ["Manufacturing", "Retail"]),
        {"event": "page_viewed", "where": [{"property": "url", "op": "contains", "value": "/pricing"}], "days": 30},
    ]}  # fmt: skip
    assert [entry for entry in page.browser.get_log("browser") if "favicon" not in entry["message"]] == []


NESTED = {"all": [
    field("company.employees", "between", [200, 5000]),
    {"not": field("country", "is", "DE")},
    {"any": [
        {"event": "page_viewed", "at_least": 3, "days": 7},
        {"event": "webinar_attended", "first_within": 30},
        {"event": "any", "last_before": 40},
        {"not": {"all": [field("created", "in_last_days", 9), {"field": "phone", "op": "unknown"}]}},
    ]},
]}  # fmt: skip


@pytest.mark.parametrize(
    "condition",
    [
        NESTED,
        field("title", "contains", "VP"),
        {"not": {"not": field("title", "contains", "VP")}},
        {"event": "call_held", "at_most": 0},
        {"event": "page_viewed", "where": [{"property": "seconds", "op": "at_least", "value": 30.5}]},
        field("seniority", "any_of", ["vp", "c_level"]),
        field("created", "between", ["2026-01-01", "2026-06-30"]),
    ],
)
def test_what_is_opened_and_saved_says_the_same(
    model: ScoringModel, open_page: Callable[..., Page], condition: Any
) -> None:
    criterion = add(model.groups.all()[0], "Kept", 1, condition)
    page = open_page("admin:scoring_criterion_change", criterion.pk)
    page.wait(lambda _: page.all(".cb-sentence")[0].text)
    asked = {"not": {"all": [condition["not"]]}} if "not" in condition else condition
    assert page.condition == asked


def test_a_field_with_few_values_begins_with_one_of_them(model: ScoringModel, open_page: Callable[..., Page]) -> None:
    page = open_page("admin:scoring_criterion_add", query=f"?model={model.pk}")
    page.press("+ Who they are")
    page.choose("Field", "seniority")
    page.choose("Comparison", "is")
    assert page.condition == field("seniority", "is", "c_level")
    page.choose("Comparison", "any_of")
    assert page.condition == field("seniority", "any_of", ["c_level"])


def test_a_mistake_is_shown_at_its_row(model: ScoringModel, open_page: Callable[..., Page]) -> None:
    page = open_page("admin:scoring_criterion_add", query=f"?model={model.pk}")
    page.press("+ Who they are")
    page.press("+ Group")
    page.choose("Field", "company.employees")
    page.choose("Comparison", "between")
    page.write("From", "5000")
    page.write("To", "200")
    page.all('input[aria-label="Value"]')[0].send_keys("VP")
    (error,) = page.wait(lambda _: page.all(".cb-error"))
    assert error.text == "The lower value comes first."
    wrong = page.all('[aria-invalid="true"]')
    assert [entry.get_attribute("aria-label") for entry in wrong] == ["From", "To"]
    assert wrong[0].get_attribute("aria-describedby") == error.get_attribute("id")
    page.write("To", "9000")
    page.says("0 of 2 leads match")
    assert page.all(".cb-error") == []


def test_a_test_just_added_is_no_mistake_until_it_is_left(model: ScoringModel, open_page: Callable[..., Page]) -> None:
    page = open_page("admin:scoring_criterion_add", query=f"?model={model.pk}")
    page.press("+ Who they are")
    page.says("Not complete yet")
    assert page.all(".cb-error") == []
    page.browser.execute_script("document.querySelector('.cb-row input').focus()")
    page.browser.execute_script("document.querySelector('[name=points]').focus()")
    assert page.wait(lambda _: page.all(".cb-error"))


def test_the_keyboard_is_enough(model: ScoringModel, open_page: Callable[..., Page]) -> None:
    page = open_page("admin:scoring_criterion_add", query=f"?model={model.pk}")
    page.browser.execute_script("arguments[0].focus()", page.all("button")[0])
    for keys in ((Keys.ENTER,), (Keys.TAB, Keys.TAB, Keys.TAB, "VP")):
        for key in keys:
            page.browser.switch_to.active_element.send_keys(key)
    page.says("Job title contains “VP”.")


def test_the_count_is_of_ones_own_teams(model: ScoringModel, open_page: Callable[..., Page]) -> None:
    Lead.objects.create(team=make_team("APAC"), email="x@apac.example", title="VP")
    page = open_page("admin:scoring_criterion_change", model.criteria.get(name="VP").pk)
    page.says("1 of 2 leads matches")
