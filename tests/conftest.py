"""Before any test: the embedded servers, unless DATABASE_URL and REDIS_URL name real ones."""

from contextlib import ExitStack

import pytest

from leadscore.embedded.sharing import servers

running = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # once, in the process that starts the pytest-xdist workers
        running.enter_context(servers())


def pytest_unconfigure(config: pytest.Config) -> None:
    running.close()
