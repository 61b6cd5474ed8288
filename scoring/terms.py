"""What lists and rules may ask of each model: `score.<slug>.label`, grade, total, fit and engagement.

The standing where the model decides it, by its score and not by hand; else the score kept beside the standing. Unknown
for leads the model is not for. Not for criteria and audiences: a score that feeds itself explains nothing.
"""

from collections.abc import Iterator
from typing import Any

from django.db.models import DecimalField, Expression, F, TextField

from leads.conditions.sql import Sql
from leads.conditions.terms import Reads, Term
from leads.conditions.vocabulary import register
from leads.enums import FieldType, Label
from scoring.models import Version, VersionState

_ASKED = (
    ("label", "label", FieldType.CHOICE, tuple(Label.choices)),
    ("grade", "grade", FieldType.TEXT, ()),
    ("total", "score", FieldType.NUMBER, ()),
    ("fit", "fit", FieldType.NUMBER, ()),
    ("engagement", "engagement", FieldType.NUMBER, ()),
)


@register
def terms_of_models() -> Iterator[Term]:
    """The terms of every live model. One query."""
    versions = list(Version.objects.deciding().select_related("model"))
    for version in versions:
        if version.state == VersionState.TRIAL:
            continue
        same = [other.pk for other in versions if other.model_id == version.model_id]
        for name, word, type_, choices in _ASKED:
            key, label = f"score.{version.model.slug}.{name}", f"{version.model}: {word}"
            yield Term(key, label, type_, _reads(version, same, name), choices, scorable=False)


def _reads(version: Version, same: list[int], name: str) -> Reads:
    """`same`: the versions of its model by which leads stand: its own, and those on trial against it."""
    number = name not in ("label", "grade")
    field: Any = DecimalField() if number else TextField()
    decided = "COALESCE({}, {})" if name == "label" else "{}"
    columns = [F(f"standing__{column}") for column in (("automatic_label", name) if name == "label" else (name,))]
    sql = (
        f"(CASE WHEN {{}} IN ({', '.join(map(str, same))}) THEN {decided} ELSE (SELECT s.{name} FROM scoring_score s"
        f" WHERE s.lead_id = {{}} AND s.model_id = {version.model_id}) END){'::numeric' * number}"
    )

    def read(scope: Any) -> Expression:
        return Sql(sql, F("standing__version"), *columns, F("pk"), output_field=field)

    return read
