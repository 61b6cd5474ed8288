"""Pictures of the pages: make screenshots, or python -m tests.browser.screenshots [--docs] [--at http://…].

Starts the product on a demo of its own in a temporary folder, and leaves nothing but the pictures: every page on a
desktop, on a phone and in dark colours in screenshots/; with --docs also those that README and docs/ show, in
docs/pictures/. --at takes a demo that is running already.
"""

import argparse
import base64
import io
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from tests.browser import chromium
from tests.browser.chromium import DESKTOP, PHONE, Window
from tests.ops.installation import PROJECT, Installation, free_port

PASSWORD = "quiet-river-42"
FILE = PROJECT / "tests" / "journeys" / "files" / "messe.csv"
MOST = 200_000  # bytes of a picture in docs/


class Demo(Installation):
    def environment(self) -> dict[str, str]:
        return super().environment() | {"DEMO": "1"}


def first(css: str) -> Callable[[Window], None]:
    """Open what the first such link leads to."""

    def follow(window: Window) -> None:
        window.open(window.one(css).get_attribute("href") or "")

    return follow


def checked_file(window: Window) -> None:
    window.choose("[name=team]", "EMEA")
    window.one("input[type=file]").send_keys(str(FILE))
    window.press("Look through the file")


def criterion(window: Window) -> None:
    first("main table a[href*='/scoring/models/']")(window)
    first("main a[href*='/scoring/criterion/'][href$='/change/']")(window)


def answer(noun: str) -> Callable[[Window], None]:
    """The page of an answer, which without JavaScript stands alone."""
    return first(f".handoff a[href*='/{noun}/']")


def built(window: Window) -> None:
    window.until(lambda: window.all(".cb-tree"))


def opened_segment(window: Window) -> None:
    first("main table a[href*='/segments/']")(window)
    window.until(lambda: "match" in window.text(".cb-live"))


def counted(window: Window) -> None:
    """A new installation counts for a minute before it forecasts."""

    for _ in range(90):
        if "Being counted" not in window.text("main"):
            return
        time.sleep(2)
        window.browser.refresh()
        window.settle()


class MissingError(Exception):
    """What the picture would show is not there."""


def part_of_connection(*words: str) -> Callable[[Window], None]:
    """Press these on the page of the first connection. The demo has none: make try-crm, connect it, and use --at."""

    def follow(window: Window) -> None:
        if not window.all("main table tbody a"):
            raise MissingError("no CRM is connected (docs/crm.md: try it in two minutes)")
        first("main table tbody a")(window)
        for each in words:
            window.press(each)

    return follow


def turned_on(window: Window) -> None:
    part_of_connection()(window)
    if window.all("form[action$='/resumption'] button"):
        window.press("Turn it on")
    for _ in range(60):
        if "In step" in window.text():
            return
        time.sleep(1)


# role, name of the picture, where, what to do there
PAGES: list[tuple[str, str, str, Callable[[Window], None] | None]] = [
    ("", "login", "/login/", None),
    ("rep", "today-rep", "/", None),
    ("rep", "handoffs", "/handoffs/", None),
    ("rep", "lead-to-decide", "/handoffs/?tab=team", first(".handoff .who a")),
    ("rep", "rejection", "/handoffs/?tab=team", answer("rejection")),
    ("rep", "notices", "/notices/", None),
    ("rep", "absences", "/absences/", None),
    ("rep", "rule-own", "/rules/own/", None),
    ("rep", "profile", "/profile/", None),
    ("rep", "week", "/reports/digest/", None),
    ("marketing", "today-marketing", "/", None),
    ("marketing", "leads", "/leads/", None),
    ("marketing", "lead", "/leads/", first(".leadlist .who a")),
    ("marketing", "companies", "/companies/", None),
    ("marketing", "company", "/companies/", first("main table a")),
    ("marketing", "handoffs-marketing", "/handoffs/", None),
    ("marketing", "review", "/handoffs/review/", None),
    ("marketing", "rules", "/rules/", None),
    ("marketing", "rule", "/rules/", first("main table a")),
    ("marketing", "rule-new", "/rules/new/", built),
    ("marketing", "segments", "/segments/", None),
    ("marketing", "segment", "/segments/", opened_segment),
    ("marketing", "nurture", "/nurture/", None),
    ("marketing", "nurture-list", "/nurture/", first("main table a")),
    ("marketing", "feedback", "/scoring/feedback/", None),
    ("marketing", "webhooks", "/webhooks/", None),
    ("marketing", "webhook", "/webhooks/", first("main table a")),
    ("marketing", "imports", "/imports/", None),
    ("marketing", "import", "/imports/", checked_file),
    ("marketing", "models", "/scoring/", None),
    ("marketing", "model", "/scoring/", first("main table a[href*='/scoring/models/']")),
    ("marketing", "model-draft", "/admin/scoring/scoringmodel/", first("#result_list a")),
    ("marketing", "criterion", "/scoring/", criterion),
    ("marketing", "learning", "/scoring/learning/", None),
    ("marketing", "suggestions", "/scoring/suggestions/", None),
    ("marketing", "experiment", "/scoring/experiments/", first("main tbody tr:last-child a")),
    ("marketing", "experiment-new", "/scoring/experiments/new/", None),
    ("marketing", "connections", "/connections/", None),
    ("marketing", "connection-fields", "/connections/", part_of_connection("Fields")),
    ("marketing", "connection-trial", "/connections/", part_of_connection("Trial", "Try it out")),
    ("marketing", "connection-status", "/connections/", turned_on),
    ("manager", "reports", "/reports/", None),
    ("manager", "impact", "/reports/impact/", None),
    ("manager", "score", "/reports/score/", None),
    ("manager", "forecast", "/reports/forecast/", counted),
    ("manager", "handoffs-manager", "/handoffs/", None),
    ("manager", "calendar", "/admin/leads/calendar/", first("#result_list th a")),
    ("manager", "capacity", "/admin/leads/capacity/", None),
    ("admin", "people", "/people/", None),
    ("admin", "deactivation", "/people/", first("main a[href$='/deactivation/']")),
    ("admin", "roles", "/roles/", None),
    ("admin", "outbox", "/outbox/", None),
    ("admin", "admin", "/admin/", None),
]  # fmt: skip
SCREENS = {"": (DESKTOP, False), "-phone": (PHONE, False), "-dark": (DESKTOP, True)}
IN_DOCS = (
    "leads", "lead", "handoffs", "import", "model", "criterion", "reports", "forecast", "rules",
    "nurture-list", "people", "webhook", "experiment", "suggestions", "connection-fields", "connection-trial",
    "connection-status",
)  # fmt: skip


def main() -> int:
    options = _options()
    if chromium.MISSING:
        print(f"screenshots need {chromium.MISSING} (on Debian: apt install chromium chromium-driver)", file=sys.stderr)
        return 1
    with _demo(options.at) as address, tempfile.TemporaryDirectory() as profile:
        browser = chromium.start(Path(profile))
        try:
            window = Window(browser, address)
            taken = _pictures(window, docs=options.docs)
        finally:
            browser.quit()
    print(f"{taken} pictures")
    for complaint in window.complaints:
        print(complaint, file=sys.stderr)
    return 1 if window.complaints else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--docs", action="store_true", help="also the pictures of README and docs/")
    parser.add_argument("--at", default="", help="address of a running demo, instead of starting one")
    return parser.parse_args()


@contextmanager
def _demo(address: str) -> Iterator[str]:
    if address:
        yield address
        return
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(Path(folder) / "data", free_port())
        try:
            demo.start()
            yield f"http://127.0.0.1:{demo.port}"
        finally:
            if demo.up and demo.up.poll() is None:
                demo.end()


def _pictures(window: Window, *, docs: bool) -> int:
    folder = PROJECT / "screenshots"
    folder.mkdir(exist_ok=True)
    who, taken = "", 0
    for role, name, path, act in PAGES:
        if role != who:
            window.sign_out()
            window.sign_in(f"{role}@demo.example", PASSWORD)
            who = role
        chromium.screen(window.browser, DESKTOP)
        window.open(path)
        try:
            if act:
                act(window)
        except MissingError as missing:
            print(f"{name}: {missing}", file=sys.stderr)
            continue
        for suffix, (size, dark) in SCREENS.items():
            chromium.screen(window.browser, size, dark=dark)
            _admin_again(window)
            (folder / f"{name}{suffix}.png").write_bytes(_png(window))
            taken += 1
        if docs and name in IN_DOCS:
            _for_docs(window, name)
            taken += 1
    return taken


def _admin_again(window: Window) -> None:
    """The admin asks for the system's colours only while it loads."""
    if "/admin/" in window.browser.current_url:
        window.browser.refresh()
        window.settle()
        counted = "return [...document.querySelectorAll('.cb')].every((it) => /leads? match/.test(it.textContent))"
        window.until(lambda: window.browser.execute_script(counted))


def _for_docs(window: Window, name: str) -> None:
    chromium.screen(window.browser, DESKTOP)
    _admin_again(window)
    picture = _small(_png(window, whole=False))
    assert len(picture) <= MOST, f"{name}.png has {len(picture):,} bytes, more than {MOST:,}"
    (PROJECT / "docs" / "pictures").mkdir(exist_ok=True)
    (PROJECT / "docs" / "pictures" / f"{name}.png").write_bytes(picture)


def _small(picture: bytes) -> bytes:
    """The same with 256 colours, which pages hardly exceed: about a third of the bytes."""
    written, shot = io.BytesIO(), Image.open(io.BytesIO(picture)).convert("RGB")
    shot.quantize(256, dither=Image.Dither.NONE).save(written, "PNG", optimize=True)
    return written.getvalue()


def _png(window: Window, *, whole: bool = True) -> bytes:
    """The page as it is shown, once nothing moves any more; `whole` also what lies below the window."""
    window.until(lambda: window.browser.execute_script("return document.getAnimations().length === 0"))
    shot = window.browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": whole})
    return base64.b64decode(shot["data"])


if __name__ == "__main__":
    sys.exit(main())
