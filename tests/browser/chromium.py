"""A headless chromium for tests and pictures: how it is started, and what it complained about."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
MISSING = " and ".join(name for name, path in (("chromium", CHROMIUM), ("chromedriver", DRIVER)) if path is None)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
)  # fmt: skip
DESKTOP, PHONE = (1360, 900), (390, 844)
SECONDS = 10


def start(profile: Path) -> webdriver.Chrome:
    """A browser with a fresh profile in that folder. Whoever starts it calls quit()."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--window-size={DESKTOP[0]},{DESKTOP[1]}", f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    os.environ.setdefault("SE_AVOID_STATS", "true")
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(str(DRIVER)))


def screen(browser: webdriver.Chrome, size: tuple[int, int], *, dark: bool = False) -> None:
    """Look at the pages from here on at this size, in light or dark colours."""
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 700}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


class Window:
    """What a person does in the browser. Every page is waited for, and every complaint of the browser is kept."""

    def __init__(self, browser: webdriver.Chrome, address: str):
        self.browser, self.address = browser, address.rstrip("/")
        self.complaints: list[str] = []

    def open(self, path: str) -> None:
        self.browser.get(path if path.startswith("http") else f"{self.address}{path}")
        self.settle()

    def settle(self) -> None:
        """Wait until the page and the parts htmx fetches are there."""
        self.until(lambda: self.browser.execute_script(SETTLED))
        self.complaints += [entry["message"] for entry in self.browser.get_log("browser")]

    def until(self, holds: Callable[[], Any], why: str = "") -> Any:
        # a part that htmx swaps while we look at it is looked at again
        waiting = WebDriverWait(self.browser, SECONDS, 0.05, [StaleElementReferenceException])
        return waiting.until(lambda _: holds(), why)

    def one(self, css: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, css)

    def all(self, css: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, css)

    def text(self, css: str = "main") -> str:
        return self.one(css).text

    def write(self, css: str, text: str) -> None:
        self.one(css).clear()
        self.one(css).send_keys(text)

    def choose(self, css: str, words: str) -> None:
        Select(self.one(css)).select_by_visible_text(words)

    def press(self, words: str, within: str = "body") -> None:
        """Click the visible button or link with these words, and wait for what follows."""
        self.until(lambda: self._clicked(words, within))
        self.settle()

    def click(self, css: str) -> None:
        """The same of what is found by its place."""
        self._leave_by(self.one(css))
        self.settle()

    def _clicked(self, words: str, within: str) -> bool:
        found = [it for it in self.all(f"{within} :is(a, button, summary, input[type=submit])") if it.is_displayed()]
        named = [it for it in found if words in (it.text.strip(), it.get_attribute("value"))]
        assert named, f"no {words!r} among {[it.text for it in found]}"
        self._leave_by(named[0])
        return True

    def _leave_by(self, element: WebElement) -> None:
        self.browser.execute_script(LEAVES, element)
        element.click()

    def sign_in(self, email: str, password: str) -> None:
        self.open("/login/")
        self.write("[name=username]", email)
        self.write("[name=password]", password)
        self.press("Sign in")

    def sign_out(self) -> None:
        self.browser.delete_all_cookies()


# A page that is left, by a form or a link, is there a moment longer, complete and old.
LEAVES = """
const leave = event => {
  const link = event.target.closest("a[href]:not([href^='#'], [target], [download])");
  const method = event.submitter?.formMethod || event.target.getAttribute("method");
  const leaves = event.type === "submit" ? method !== "dialog" : link;
  window.leaves = Boolean(leaves) && !event.defaultPrevented || window.leaves;
};
window.addEventListener("click", leave, {once: true});
window.addEventListener("submit", leave, {once: true});
arguments[0].scrollIntoView({block: "center"});
"""
# A part that waits to be fetched as soon as it is there has hx-trigger="load"; in a swap its classes say so.
SETTLED = """return document.readyState === "complete" && !window.leaves
  && !document.querySelector("[hx-trigger='load'], .htmx-request, .htmx-swapping, .htmx-settling")"""
