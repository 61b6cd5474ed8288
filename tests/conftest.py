"""Before any test: the embedded servers, unless DATABASE_URL and REDIS_URL name real ones. And who most tests know."""

import gc
import time
from contextlib import ExitStack
from subprocess import Popen
from typing import Any

import hypothesis
import pytest

from leadscore.embedded.sharing import servers
from tests import template

running = ExitStack()
making: list[Popen[bytes]] = []

# The same examples everywhere, however long a busy machine takes for them.
hypothesis.settings.load_profile("ci")

DAY, LAST_OF_IT = 86_400, 20  # seconds

# The files that take longest begin first, so that at the end no worker waits for another. Sorted by what they took.
LONGEST = """
    house/test_rights.py crm/test_faults.py ops/test_up.py ops/test_upgrade.py
    crm/test_pushing.py house/test_strangers.py leads/test_import_job.py browser/test_condition_builder.py
    leads/test_assignment.py ops/test_embedded.py browser/test_first_light_in_a_browser.py learning/test_suggestions.py
    experiments/test_sides.py leads/test_handoff_pages.py reports/test_behind.py experiments/test_looks.py
    learning/test_learn_scorecard.py learning/test_job.py forecast/test_pages.py crm/test_accounts.py
    browser/test_sales_in_a_browser.py learning/test_learning.py
""".split()


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    running.enter_context(servers())  # once, in the process that starts the pytest-xdist workers
    if config.getoption("dist", "no") != "no" and not config.getoption("reuse_db"):
        making.append(template.begin())
        running.callback(template.drop, making[0])


def pytest_unconfigure(config: pytest.Config) -> None:
    running.close()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished() -> None:
    """In the process that gives the tests to the workers: not before there is a database to copy."""
    for process in making:
        assert process.wait() == 0, "the database that the tests begin with could not be made"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {file: number for number, file in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get("/".join(item.path.parts[-2:]), len(place)))


def pytest_collection_finish() -> None:
    """What is loaded by now stays, so looking for garbage need not look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Most tests say "today" more than once: one that would begin in the last seconds of a day begins after them.

    What happens at midnight itself is for tests that set the clock.
    """
    left = DAY - time.time() % DAY
    if left < LAST_OF_IT:
        time.sleep(left)


@pytest.fixture
def team(db: None) -> Any:
    """EMEA; tests.sales makes its people and leads."""
    from tests.sales import make_team  # not before Django is set up, which waits for the servers

    return make_team()


@pytest.fixture
def mara(team: Any) -> Any:
    """Of EMEA's marketing."""
    from leads.enums import Role
    from tests.sales import make_user

    return make_user("Mara", team, Role.MARKETING)


@pytest.fixture
def page(client: Any, mara: Any) -> Any:
    """A browser in which Mara is signed in."""
    client.force_login(mara)
    return client
