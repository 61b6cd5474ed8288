"""A website that sends."""

import pytest

from tests.tracking.sending import Sender


@pytest.fixture
def sender(db: None) -> Sender:
    return Sender()
