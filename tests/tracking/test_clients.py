"""The official client for Python and t.js in a browser, against a live server."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from segment.analytics.client import Client as SegmentClient
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from leads.models import Event, Lead, VisitorEvent
from tests.browser import chromium
from tests.tracking.sending import make_key, make_source

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("packed", [True, False])
def test_segment_analytics_python_with_the_host_changed(live_server, packed):
    failures = []
    client = SegmentClient(make_key(make_source()), host=live_server.url, gzip=packed, max_retries=0,
                           on_error=lambda error, items: failures.append(error))  # fmt: skip
    client.page(anonymous_id="a1", category="Docs", name="Start", properties={"url": "https://x.example/docs"})
    client.identify("u1", {"email": "ana@northwind.example", "firstName": "Ana"}, anonymous_id="a1")
    client.track("u1", "Demo Requested", {"plan": "pro"})
    client.group("u1", "g1", {"name": "Northwind"})
    client.screen("u1", name="Settings")
    client.alias("old", "u1")
    client.shutdown()
    assert failures == []
    lead = Lead.objects.select_related("company").get()
    assert (lead.email, lead.first_name, lead.company.name) == ("ana@northwind.example", "Ana", "Northwind")
    assert set(lead.events.values_list("kind__slug", flat=True)) == {"page_viewed", "demo_requested", "screen_viewed"}


# --- A website of somebody else -------------------------------------------------------------------

PAGE = """<!doctype html><title>Shop</title><script async src="{host}/t.js" data-key="{key}"{more}></script>
<form data-leadscore="Contact" action="/sent"><input name="email" value="ana@northwind.example">
<input name="name" value="Ana Ruiz"><input name="pin" type="password" value="1234"><button>Send</button></form>"""


@pytest.fixture
def website():
    """Pages on another port, and so of another origin. `pages` is what it answers with."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(self.server.page.encode())

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.url = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def browser(tmp_path):
    if chromium.MISSING:
        pytest.skip(f"needs {chromium.MISSING}")
    browser = chromium.start(tmp_path)
    yield browser
    browser.quit()


def until(browser, holds):
    WebDriverWait(browser, 15, 0.1).until(lambda _: holds())


@pytest.mark.browser
def test_the_script_on_another_site(live_server, website, browser):
    website.page = PAGE.format(host=live_server.url, key=make_key(make_source()), more="")
    browser.get(f"{website.url}/pricing?utm_source=news&utm_campaign=May")
    until(browser, lambda: VisitorEvent.objects.count() == 1)
    seen = VisitorEvent.objects.get().properties
    assert (seen["path"], seen["title"]) == ("/pricing", "Shop")
    assert (seen["utm_source"], seen["utm_campaign"]) == ("news", "May")
    browser.execute_script("history.pushState({}, '', '/docs'); leadscore.track('Video Played', {seconds: 7})")
    until(browser, lambda: VisitorEvent.objects.count() == 3)
    browser.find_element(By.TAG_NAME, "button").click()
    until(browser, lambda: Lead.objects.exists() and Event.objects.filter(lead__isnull=False).count() >= 4)
    lead = Lead.objects.get()
    assert (lead.name, lead.email, lead.source) == ("Ana Ruiz", "ana@northwind.example", "news")
    form = lead.events.get(kind__slug="form_submitted").properties
    assert (form["form"], "pin" in form) == ("Contact", False)
    assert browser.get_cookies() == []
    assert [line for line in browser.get_log("browser") if line["level"] == "SEVERE"] == []


@pytest.mark.browser
def test_nothing_is_kept_or_sent_without_consent(live_server, website, browser):
    website.page = PAGE.format(host=live_server.url, key=make_key(make_source()), more=' data-consent="ask"')
    browser.get(website.url)
    until(browser, lambda: browser.execute_script("return !!window.leadscore"))
    browser.execute_script("leadscore.track('Before')")
    assert browser.execute_script("return new Promise(ok => setTimeout(() => ok(localStorage.length), 1200))") == 0
    assert not VisitorEvent.objects.exists()
    browser.execute_script("leadscore.consent(true)")
    until(browser, lambda: VisitorEvent.objects.count() == 2)
    browser.execute_script("leadscore.consent(false); leadscore.track('After')")
    assert browser.execute_script("return localStorage.leadscore") == '{"ok":0}'
    browser.get(f"{website.url}/next")
    browser.execute_script("return new Promise(ok => setTimeout(ok, 1200))")
    assert VisitorEvent.objects.count() == 2


@pytest.mark.browser
def test_who_does_not_want_to_be_tracked_is_not(live_server, website, browser):
    wish = "Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})"
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": wish})
    website.page = PAGE.format(host=live_server.url, key=make_key(make_source()), more="")
    browser.get(website.url)
    until(browser, lambda: browser.execute_script("return !!window.leadscore"))
    browser.execute_script("leadscore.consent(true); leadscore.identify('7', {email: 'ana@northwind.example'})")
    browser.execute_script("return new Promise(ok => setTimeout(ok, 1200))")
    assert not (VisitorEvent.objects.exists() or Lead.objects.exists())
