"""Every lead by the draft, beside its standing of the same moment, page by page.

The draft takes the place of its model's live version: leads of models that decide before it stay theirs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from django.db import connection, transaction
from django.db.models import Count, F, IntegerField, Q, QuerySet, TextField
from django.db.models.expressions import CombinedExpression, Value
from numpy.typing import NDArray

from leads.conditions.sql import Sql
from leads.conditions.vocabulary import Vocabulary
from leads.enums import Label
from leads.models import Standing
from leads.retry import retried
from scoring.engine.definition import Definition, load
from scoring.engine.evaluate import COLUMNS, compile_definition
from scoring.engine.expressions import EngineScope
from scoring.engine.ledger import ROOM
from scoring.engine.past import lines, points_of_texts
from scoring.models import Preview, PreviewScore, Version

PAGE = 5_000
CHUNK = 20_000
BARS = 20  # of the distribution, each a twentieth of the most a model can give


class DraftScorer:
    """Counts the pages of one preview, one after the other."""

    def __init__(self, preview: Preview):
        self.preview = preview
        self.compiled = compile_definition(load(preview.definition), EngineScope(Vocabulary.load(), dense=True))
        self.earlier = list(deciding_before(preview).values_list("pk", flat=True))

    def next_page(self) -> list[int]:
        """The leads after those that are counted, in order."""
        after = Standing.objects.filter(pk__gt=self.preview.upto).order_by("pk")
        return list(after.values_list("pk", flat=True)[:PAGE])

    def count(self, page: list[int]) -> None:
        """Their scores, and that they are counted: both or neither."""
        self._count(page)
        self.preview.upto = page[-1]

    @retried
    @transaction.atomic
    def _count(self, page: list[int]) -> None:
        done = F("done") + len(page)
        wanted = Preview.objects.filter(pk=self.preview.pk, upto=self.preview.upto)
        if not wanted.update(upto=page[-1], done=done):
            return  # gone, or somebody else counted it when the lease was over
        numbers = self.compiled.bound([page[0], page[-1]], self.preview.facts_at)
        live = self.preview.live or 0
        with connection.cursor() as cursor:
            cursor.execute(ROOM)
            cursor.execute(
                _SCORES.format(rows=self.compiled.sql, columns=", ".join(COLUMNS)),
                [self.preview.pk, live, *numbers, page[0], page[-1], live, self.earlier],
            )


_SCORES = """
INSERT INTO scoring_previewscore (preview_id, lead_id, fit, engagement, total, grade, label, points, total_before,
                                  grade_before, label_before, points_before)
SELECT %s, s.lead_id, r.fit, r.engagement, r.total, coalesce(r.grade, ''), coalesce(r.label, ''),
       coalesce(r.points, ARRAY[]::smallint[]), s.total, s.grade, coalesce(s.automatic_label, s.label),
       CASE WHEN s.version = %s THEN s.points ELSE ARRAY[]::smallint[] END
  FROM leads_standing s LEFT JOIN ({rows}) AS r({columns}) ON r.lead_id = s.lead_id
 WHERE s.lead_id BETWEEN %s AND %s
   AND (s.version = %s OR r.lead_id IS NOT NULL AND NOT coalesce(s.version = ANY(%s::int[]), false))
"""


def compared_with(preview: Preview) -> Version | None:
    """The version that was live when it was counted; None where none was."""
    return Version.objects.get(pk=preview.live) if preview.live else None


def deciding_before(preview: Preview) -> QuerySet[Version]:
    """Live versions of other models that decide where audiences overlap."""
    model = preview.model
    first = Q(position__lt=model.position) | Q(position=model.position, model__lt=model.pk)
    return Version.objects.live().filter(first).exclude(model=model.pk)


# --- What the scores say together -----------------------------------------------------------------------


def moves(preview: Preview, what: str) -> list[tuple[str, str, int]]:
    """(before, then, leads) by "label" or "grade", for every pair that occurs. Company-wide."""
    rows = preview.scores.order_by().values_list(f"{what}_before", what).annotate(Count("pk"))
    return [tuple(row) for row in rows]


def distribution(preview: Preview, column: str, top: int) -> list[int]:
    """How many leads have a score in each of BARS equal parts from 0 to `top`, the last with its end."""
    bar = CombinedExpression(F(column) * BARS, "/", Value(top), output_field=IntegerField())
    counted = (
        preview.scores.filter(**{f"{column}__isnull": False}).order_by().values_list(bar.copy()).annotate(Count("pk"))
    )
    bars = [0] * BARS
    for place, number in counted:
        bars[min(place, BARS - 1)] += number
    return bars


@dataclass(frozen=True)
class Points:
    """Rows are the leads in the draft's audience; `before` has those the live version scores, in another order."""

    draft: NDArray[np.int16]
    barred: NDArray[np.bool_]
    touched: dict[str, int]


def points_of(preview: Preview, old: Definition | None, new: Definition) -> Points:
    """The points of every lead, and how many leads each rule that changed touches."""
    draft, barred, touched = [], [], dict.fromkeys(names_of(old, new), 0)
    for rows in _chunks(preview):
        then = _matrix([then for then, _, _ in rows], lines(new))
        scored = np.array([bool(then) for then, _, _ in rows])
        draft.append(then[scored])
        barred += [label == Label.DISQUALIFIED for then, _, label in rows if then]
        was = _matrix([was for _, was, _ in rows], lines(old)) if old else then[:0]
        for name, (before, after) in names_of(old, new).items():
            left = was[:, before] if before is not None else 0
            right = then[:, after] if after is not None else 0
            touched[name] += int(np.count_nonzero(left != right))
    return Points(np.concatenate(draft) if draft else _matrix([], lines(new)), np.array(barred, bool), touched)


def _chunks(preview: Preview) -> Iterator[list[tuple[str, str, str]]]:
    """(points by the draft, points before, label) of all leads, in order; points as text, which may be empty."""
    told = (Sql("array_to_string({}, ' ')", F(name), output_field=TextField()) for name in ("points", "points_before"))
    rows = PreviewScore.objects.filter(preview=preview).order_by("lead").values_list(*told, "label")
    found = rows.iterator(chunk_size=CHUNK)
    while chunk := list(islice(found, CHUNK)):
        yield chunk


def _matrix(texts: list[str], width: int) -> NDArray[np.int16]:
    """A row without points is one of zeros."""
    there = [row for row, text in enumerate(texts) if text]
    matrix = np.zeros((len(texts), width), np.int16)
    matrix[there] = points_of_texts([texts[row] for row in there], width)
    return matrix


def names_of(old: Definition | None, new: Definition) -> dict[str, tuple[int | None, int | None]]:
    """What a difference is about (place/name, as scoring.diff names it) → its column in the old points and the new."""
    found: dict[str, tuple[int | None, int | None]] = {}
    before = {rule.id: (i, rule) for i, rule in enumerate(old.criteria if old else ())}
    for i, rule in enumerate(new.criteria):
        was, _ = before.pop(rule.id, (None, None))
        found[f"{new.groups[rule.group].name}/{rule.name}"] = (was, i)
    if old is None:
        return found
    for i, rule in before.values():
        found[f"{old.groups[rule.group].name}/{rule.name}"] = (i, None)
    limits = {(group.axis, group.name): i for i, group in enumerate(old.groups)}
    for i, group in enumerate(new.groups):
        if (place := limits.get((group.axis, group.name))) is not None:
            found[f"Group/Limit of {group.name}"] = (len(old.criteria) + place, len(new.criteria) + i)
    return found
