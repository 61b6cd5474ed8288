"""Each lead at a moment of its own: what a model, live or draft, would have said of it then.

The engine's own SQL over facts as they were (leads/pasts.py). Where the engine says `today`, every row has its own: the
column of that name, of leads and of events, which is what the bare word means wherever it stands in the statement.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection
from django.db.models import IntegerField

from leads.conditions.sql import Sql
from leads.conditions.vocabulary import Vocabulary
from leads.pasts import as_of_each_sql
from scoring.engine.definition import Definition
from scoring.engine.evaluate import COLUMNS, Compiled, compile_definition
from scoring.engine.expressions import EngineScope

PAGE = 2_000
TODAY = Sql("today", output_field=IntegerField())
# Later events are not there, so nothing has to be cut off.
END = datetime.max.replace(tzinfo=UTC, year=9000)


@dataclass(frozen=True)
class PastResult:
    """Where a lead stood by the definition of that place in the list.

    `points` align with draft.ledger_lines of the definition; they add up to `total`.
    """

    definition: int
    lead_id: int
    fit: int
    engagement: int
    total: int
    grade: str
    label: str
    points: list[int]


def evaluate_past(
    definitions: Sequence[Definition], moments: Sequence[tuple[int, datetime]], *, as_known: bool = False
) -> Iterator[list[PastResult]]:
    """Pages of results for (lead id, moment), by each definition; its results are in order of lead.

    Leads outside the audience, or not there yet, are left out. `as_known` counts only what had been learned by then.
    The past is put together once for all definitions.
    """
    vocabulary = Vocabulary.load()
    compiled = [
        compile_definition(definition, EngineScope(vocabulary, today=TODAY, also={"today": TODAY}), number)
        for number, definition in enumerate(definitions)
    ]
    ordered = sorted(moments)
    for start in range(0, len(ordered), PAGE):
        yield _page(compiled, ordered[start : start + PAGE], as_known)


def _page(compiled: Sequence[Compiled], moments: Sequence[tuple[int, datetime]], as_known: bool) -> list[PastResult]:
    past, params = as_of_each_sql(moments, as_known=as_known)
    leads = [lead for lead, _ in moments]
    statement = " UNION ALL ".join(f"({one.sql})" for one in compiled)
    for one in compiled:
        params += one.bound(leads, END)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {past} SELECT version, lead_id, fit, engagement, total, grade, label, points FROM ({statement})"
            f" AS r({', '.join(COLUMNS)}) ORDER BY version, lead_id",
            params,
        )
        return [PastResult(*row) for row in cursor.fetchall()]
