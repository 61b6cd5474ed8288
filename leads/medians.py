"""The median, as the database counts it; and all numbers of a group at once, for medians of several groupings."""

from typing import Any

import numpy as np
from django.db.models import Aggregate, BinaryField, FloatField
from numpy.typing import NDArray


class Median(Aggregate):
    """The median as PostgreSQL computes it: the mean of the middle two of an even number."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()
    allow_distinct = False


class Numbers(Aggregate):
    """All the numbers of a group, without those that are not known, for `numbers` to read: no sort, no text."""

    function = "string_agg"
    template = "%(function)s(float8send(%(expressions)s), ''::bytea)"
    output_field = BinaryField()
    allow_distinct = False


def numbers(value: Any) -> NDArray[np.float64]:
    """What `Numbers` gave; nothing where there was none."""
    return np.frombuffer(value or b"", dtype=">f8").astype(np.float64)
