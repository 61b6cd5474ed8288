"""A model that is live."""

import pytest

from scoring.models import ScoringModel
from tests.experiments.lab import live_model


@pytest.fixture
def model() -> ScoringModel:
    return live_model()[0]
