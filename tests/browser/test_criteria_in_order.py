"""Criteria on the page of a model in the admin: in order and into groups by keyboard alone."""

import pytest
from django.test import Client
from django.urls import reverse
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from leads.enums import Role
from scoring.models import ScoringModel
from tests.sales import make_team, make_user
from tests.scoring.workshop import make_model

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ROWS = "#criteria-data tbody.order-group, #criteria-data tbody.form-group.original"


class Page:
    """The draft of a model."""

    def __init__(self, browser: webdriver.Chrome):
        self.browser = browser

    @property
    def rows(self) -> list[str]:
        """Names of groups and criteria as they stand; groups in capitals."""
        found = self.browser.find_elements(By.CSS_SELECTOR, ROWS)
        return [
            row.text.split("\n")[0].upper() if "order-group" in str(row.get_attribute("class"))
            else row.find_element(By.CSS_SELECTOR, "a").text
            for row in found
        ]  # fmt: skip

    def hold(self, name: str) -> None:
        handle = self.browser.find_element(By.CSS_SELECTOR, f'[aria-label^="Move {name}:"]')
        self.browser.execute_script("arguments[0].focus()", handle)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.browser.switch_to.active_element.send_keys(key)

    def choose(self, name: str, group: str) -> None:
        row = self.browser.find_element(By.XPATH, f'//tbody[contains(@class, "original")][.//a[text()="{name}"]]')
        Select(row.find_element(By.CSS_SELECTOR, "select[name$=-group]")).select_by_visible_text(group)

    def save(self) -> None:
        self.browser.find_element(By.NAME, "_save").click()
        WebDriverWait(self.browser, 10).until(lambda browser: "/change/" not in browser.current_url)


@pytest.fixture
def model() -> ScoringModel:
    return make_model()


@pytest.fixture
def page(client: Client, live_server: object, chromium: webdriver.Chrome, model: ScoringModel) -> Page:
    client.force_login(make_user("Mara", make_team(), Role.MARKETING))
    address = f"{live_server}{reverse('admin:scoring_scoringmodel_change', args=[model.pk])}"
    chromium.get(f"{live_server}/static/icon.svg")
    chromium.add_cookie({"name": "sessionid", "value": client.cookies["sessionid"].value, "path": "/"})
    chromium.get(address)
    WebDriverWait(chromium, 10).until(lambda browser: browser.find_elements(By.CSS_SELECTOR, ".order-group"))
    return Page(chromium)


def placed(model: ScoringModel) -> list[tuple[str, str]]:
    rows = model.criteria.order_by("group__position", "group_id", "position", "pk")
    return list(rows.values_list("group__name", "name"))


def test_arrow_keys_move_a_criterion_past_others_and_into_another_group(page: Page, model: ScoringModel) -> None:
    assert page.rows == [
        "ROLE", "VP", "Student", "COMPANY", "200 or more employees", "Manufacturing",
        "BUYING", "Pricing page", "Webinar",
    ]  # fmt: skip
    page.hold("Manufacturing")
    page.press(Keys.ARROW_UP)
    page.hold("VP")
    page.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    said = page.browser.find_elements(By.CSS_SELECTOR, ".order-said")[-1].text
    assert said == "VP: place 2 of 6, in Company. Saved with the page."
    page.choose("Webinar", "Role")
    page.save()
    assert placed(model) == [
        ("Role", "Student"), ("Role", "Webinar"), ("Company", "VP"), ("Company", "Manufacturing"),
        ("Company", "200 or more employees"), ("Buying", "Pricing page"),
    ]  # fmt: skip


def test_the_first_group_is_the_end_of_the_way(page: Page, model: ScoringModel) -> None:
    page.hold("VP")
    page.press(Keys.ARROW_UP, Keys.ARROW_UP)
    assert page.rows[:3] == ["ROLE", "VP", "Student"]
    page.save()
    assert placed(model)[0] == ("Role", "VP")
