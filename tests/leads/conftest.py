"""Another system."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.receiver import Receiver, receiver


@pytest.fixture
def other(settings: Any) -> Iterator[Receiver]:
    """It may be called, and notes what it was told."""
    with receiver() as there:
        settings.OUTBOUND_ALLOWLIST = [there.host]
        yield there
