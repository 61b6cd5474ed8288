"""One browser for all tests here; none where chromium or its driver is missing."""

from collections.abc import Iterator

import pytest
from selenium import webdriver

from tests.browser import chromium as browsers


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    if browsers.MISSING:
        pytest.skip(f"needs {browsers.MISSING} (on Debian: apt install chromium chromium-driver)")
    browser = browsers.start(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.quit()
