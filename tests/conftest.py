"""Before any test: the embedded servers, unless DATABASE_URL and REDIS_URL name real ones. And the usual team."""

from contextlib import ExitStack
from typing import Any

import pytest

from leadscore.embedded.sharing import servers

running = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # once, in the process that starts the pytest-xdist workers
        running.enter_context(servers())


def pytest_unconfigure(config: pytest.Config) -> None:
    running.close()


@pytest.fixture
def team(db: None) -> Any:
    """EMEA; tests.sales makes its people and leads."""
    from tests.sales import make_team  # not before Django is set up, which waits for the servers

    return make_team()
