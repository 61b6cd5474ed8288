"""Handoffs with the criteria that gave them points when they were opened."""

from dataclasses import dataclass

import numpy as np
from django.db.models import F, Func, IntegerField
from numpy.typing import NDArray

from reports.columns import Rows, records
from reports.joined import Joined, fetched
from reports.scope import Scope

HEAD = 4  # bytes before each row of bits, in which PostgreSQL says how many they are


@dataclass(frozen=True)
class Points:
    """Handoffs whose leads were scored by one version. `given`: a row for each that knows its points (`scored`), in
    their order, and a column for each criterion of the version: whether it gave or took points.
    """

    version: int
    rows: Rows
    given: NDArray[np.bool_]


def points_given(scope: Scope) -> list[Points]:
    """The handoffs of the range and of the one before it. One query."""
    rows = scope.handoff_facts(before=True).annotate(
        size=Func(F("given"), function="length", output_field=IntegerField())
    )
    sent = Func(F("given"), function="varbit_send")
    together = rows.values("version", "size").annotate(rows=Joined("packed"), bits=Joined(sent))
    return [
        Points(version, records(packed), _bits(bits, size))
        for version, size, packed, bits in fetched(together.order_by().values_list("version", "size", "rows", "bits"))
    ]


def all_of(found: list[Points]) -> Rows:
    """The same handoffs without their points."""
    return np.concatenate([records(b""), *(points.rows for points in found)])


def _bits(sent: bytes | None, size: int | None) -> NDArray[np.bool_]:
    if not sent or not size:
        return np.zeros((0, size or 0), dtype=bool)
    width = HEAD + (size + 7) // 8
    rows = np.frombuffer(sent, dtype=np.uint8).reshape(-1, width)[:, HEAD:]
    return np.unpackbits(rows, axis=1, count=size).astype(bool)
