"""Each lead at a moment of its own: what models, live or drafts, would have said of it then.

The engine's own SQL over facts as they were (leads/pasts.py). Where the engine says `today`, every row has its own: the
column of that name, of leads and of events, which is what the bare word means wherever it stands in the statement.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import IntegerField, Q
from numpy.typing import NDArray

from leads.conditions.compile import compile
from leads.conditions.grammar import parse
from leads.conditions.sql import Sql
from leads.conditions.vocabulary import Vocabulary
from leads.pasts import as_of_each_sql
from scoring.engine.definition import CriterionRule, Definition
from scoring.engine.evaluate import COLUMNS, Compiled, barred, lead_query, outer_sql
from scoring.engine.expressions import EngineScope, boolean, points

PAGE = 5_000
TODAY = Sql("today", output_field=IntegerField())
# Later events are not there, so nothing has to be cut off.
END = datetime.max.replace(tzinfo=UTC, year=9000)


@dataclass(frozen=True)
class PastScores:
    """Where leads stood by one definition, a row for each, in order of `leads`.

    `points`: a column for each of draft.ledger_lines of the definition; a row adds up to fit + engagement.
    """

    leads: NDArray[np.int64]
    fit: NDArray[np.int32]
    engagement: NDArray[np.int32]
    grades: NDArray[np.str_]
    labels: NDArray[np.str_]
    points: NDArray[np.int16]

    @property
    def totals(self) -> NDArray[np.int32]:
        return self.fit + self.engagement

    def of(self, rows: NDArray[Any]) -> "PastScores":
        """Some of them."""
        return PastScores(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def joined(pages: Sequence[PastScores]) -> PastScores:
    """The pages of one definition as one."""
    columns = ([getattr(page, name) for page in pages] for name in PastScores.__dataclass_fields__)
    return PastScores(*(np.concatenate(column) for column in columns))


def evaluate_past(
    definitions: Sequence[Definition], moments: Sequence[tuple[int, datetime]], *, as_known: bool = False
) -> Iterator[list[PastScores]]:
    """Pages of scores of (lead id, moment): for each definition one, in order.

    Leads outside its audience, or not there yet, are left out. `as_known` counts only what had been learned by then.
    """
    yield from PastEvaluation(definitions).pages(moments, as_known=as_known)


class PastEvaluation:
    """One statement for all definitions: the past is put together once, leads and events are read once, and what
    several of them ask is asked once."""

    def __init__(self, definitions: Sequence[Definition]):
        self.definitions = definitions
        self.scope = EngineScope(Vocabulary.load(), today=TODAY, also={"today": TODAY})
        self.columns: dict[str, Any] = {}
        self.names: dict[str, str] = {}
        inners = [self._inner(place, definition) for place, definition in enumerate(definitions)]
        rows, params = lead_query(self.scope, self.columns, Q())
        each = " UNION ALL ".join(
            f"({outer_sql(place, definition, inner)})"
            for place, (definition, inner) in enumerate(zip(definitions, inners, strict=True))
        )
        self.rows, self.each = Compiled(rows, tuple(params)), each

    def _inner(self, place: int, definition: Definition) -> str:
        """What outer_sql() takes, from the columns that all definitions share."""
        criteria = [f", {self._criterion(rule)} AS p{i}" for i, rule in enumerate(definition.criteria)]
        self.columns[f"barred{place}"] = barred(definition, self.scope)
        meant = boolean(compile(parse(definition.audience), self.scope)) if definition.audience else Sql("true")
        self.columns[f"meant{place}"] = meant
        return f"SELECT lead_id{''.join(criteria)}, barred{place} AS barred, turn FROM asked WHERE meant{place}"

    def _criterion(self, rule: CriterionRule) -> str:
        """The column of its points, the same for all that ask and give the same."""
        key = repr((rule.condition, rule.points, rule.counting, rule.days, rule.at_most))
        if key not in self.names:
            self.names[key] = f"c{len(self.names)}"
            self.columns[self.names[key]] = points(rule, self.scope)
        return self.names[key]

    def pages(self, moments: Sequence[tuple[int, datetime]], *, as_known: bool = False) -> Iterator[list[PastScores]]:
        """As evaluate_past() says. One page at least, if an empty one."""
        ordered = sorted(moments)
        for start in range(0, len(ordered) or 1, PAGE):
            yield self._page(ordered[start : start + PAGE], as_known)

    def _page(self, moments: Sequence[tuple[int, datetime]], as_known: bool) -> list[PastScores]:
        past, params = as_of_each_sql(moments, as_known=as_known)
        params += self.rows.bound([lead for lead, _ in moments], END)
        with connection.cursor() as cursor:
            cursor.execute(
                # points as text: numpy reads them many times faster than anything makes a list of each
                f"WITH {past}, asked AS MATERIALIZED ({self.rows.sql})"
                " SELECT version, lead_id, fit, engagement, grade, label, array_to_string(points, ' ')"
                f" FROM ({self.each}) AS r({', '.join(COLUMNS)}) ORDER BY version, lead_id",
                params,
            )
            rows = cursor.fetchall()
        return [_scores([row for row in rows if row[0] == place], definition)
                for place, definition in enumerate(self.definitions)]  # fmt: skip


def _scores(rows: list[tuple], definition: Definition) -> PastScores:
    _, leads, fit, engagement, grades, labels, told = zip(*rows, strict=True) if rows else ((),) * 7
    return PastScores(
        np.array(leads, np.int64), np.array(fit, np.int32), np.array(engagement, np.int32),
        np.array(grades, "U2"), np.array(labels, "U12"), points_of_texts(told, lines(definition)),
    )  # fmt: skip


def lines(definition: Definition) -> int:
    """How many points a lead has by it: of criteria, of the limits of groups, of the ends of both axes."""
    return len(definition.criteria) + len(definition.groups) + 2


def points_of_texts(texts: Sequence[str], width: int) -> NDArray[np.int16]:
    """Rows of points, each from "15 0 -5 …"."""
    if not texts:
        return np.zeros((0, width), np.int16)
    return np.fromstring(" ".join(texts), np.int16, sep=" ").reshape(len(texts), width)
