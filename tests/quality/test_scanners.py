"""Which events a machine did."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from leads.quality.scanners import Act, is_machine, suspects
from tests.quality.mailbox import BROWSER, mailboxes

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
SITE = "https://northwind.example"


def acts(*done: tuple[str, float, str]) -> list[Act]:
    """(kind, seconds after noon, link) each."""
    return [Act(n, kind, NOON + timedelta(seconds=at), link) for n, (kind, at, link) in enumerate(done, 1)]


def clicks(*at: float, links: int = 99) -> list[tuple[str, float, str]]:
    return [("email_clicked", second, f"{SITE}/{n % links}") for n, second in enumerate(at)]


@pytest.mark.parametrize(
    ("done", "found"),
    [
        (clicks(0, 1, 2), {1: "burst", 2: "burst", 3: "burst"}),
        (clicks(0, 1), {}),
        (clicks(0, 1, 2, 3, links=1), {}),  # one link, opened in impatience
        (clicks(0, 11, 22), {}),
        (clicks(0, 9, 18), {}),  # three links, but never three within ten seconds
        ([*clicks(0, 1, 2), ("page_viewed", 60, SITE)], {}),  # somebody reads on
        ([*clicks(0, 1, 2), ("page_viewed", 1803, SITE)], {1: "burst", 2: "burst", 3: "burst"}),
        ([*clicks(0, 1, 2, 3, 4, 5), ("page_viewed", 60, SITE)], dict.fromkeys(range(1, 7), "burst")),
        ([*clicks(0, 1, 2), ("email_unsubscribed", 60, SITE)], {1: "burst", 2: "burst", 3: "burst"}),
        ([("email_delivered", 0, ""), *clicks(4)], {2: "instant"}),
        ([("email_delivered", 0, ""), *clicks(6)], {}),
        ([("email_delivered", 0, ""), ("email_opened", 1, "")], {2: "instant"}),
        ([("email_delivered", 0, ""), *clicks(4), ("page_viewed", 7, SITE)], {}),
        ([("email_delivered", 0, ""), *clicks(50, 55)], {2: "burst", 3: "burst"}),
        ([("email_delivered", 0, ""), *clicks(61, 65)], {}),
        ([("email_clicked", 0, f"{SITE}/?ls-trap=1"), *clicks(50, 70)], {1: "trap", 2: "trap"}),
        ([("page_viewed", 0, f"{SITE}/?ls-trap"), ("demo_requested", 1, SITE)], {1: "trap"}),
        ([], {}),
    ],
)  # fmt: skip
def test_what_is_a_machine(done: list[tuple[str, float, str]], found: dict[int, str]) -> None:
    assert suspects(acts(*done)) == found


def test_the_order_of_arrival_does_not_matter() -> None:
    done = acts(("email_delivered", 0, ""), *clicks(50, 55), *clicks(1900, 1901, 1902), ("page_viewed", 2000, SITE))
    expected = suspects(done)
    assert expected == {2: "burst", 3: "burst"}
    for seed in range(20):
        assert suspects(Random(seed).sample(done, len(done))) == expected


@pytest.mark.parametrize(
    ("agent", "machine"),
    [
        (BROWSER, False), ("", False), ("Mozilla/5.0 (compatible; Googlebot/2.1)", True), ("curl/8.1", True),
        ("Mozilla/5.0 HeadlessChrome/120", True), ("GoogleImageProxy", False), ("Cubot X30 Build", False),
        ("TelegramBot", True),
    ],
)  # fmt: skip
def test_robots_that_say_so(agent: str, machine: bool) -> None:
    assert is_machine(agent) is machine
    assert suspects([Act(1, "page_viewed", NOON, SITE, agent)]) == ({1: "agent"} if machine else {})


def test_precision_and_recall_on_letters_to_people_and_scanners() -> None:
    """The figures of docs/data-quality.md. Missed: clicks minutes later, which nothing tells from a person's."""
    right = wrong = missed = 0
    for box in mailboxes(1500):
        found = suspects(box.acts).keys()
        right, wrong, missed = (
            right + len(found & box.machine),
            wrong + len(found - box.machine),
            missed + len(box.machine - found),
        )
    assert right + missed > 9_000
    precision, recall = right / (right + wrong), right / (right + missed)
    assert precision >= 0.98
    assert recall >= 0.92
