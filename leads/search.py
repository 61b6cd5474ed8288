"""Full-text search with PostgreSQL's own means; no extension is needed."""

import re

from django.contrib.postgres.search import SearchQuery
from django.db.models import F, Func, TextField, Value
from django.db.models.expressions import Combinable, Expression


def search_vector(*columns: str) -> Expression:
    """A tsvector of the columns in which an e-mail address or domain also counts as its parts.

    Built of immutable functions only, so that it can be a generated column.
    """
    text: Combinable = F(columns[0])
    for column in columns[1:]:
        text = _concat(_concat(text, Value(" ")), F(column))
    words = Func(text, Value("@.-_"), Value("    "), function="translate", output_field=TextField())
    return Func(_concat(_concat(text, Value(" ")), words), template="to_tsvector('simple', %(expressions)s)")


def _concat(left: Combinable, right: Combinable) -> Func:
    return Func(left, right, template="(%(expressions)s)", arg_joiner=" || ", output_field=TextField())


def search_query(term: str) -> SearchQuery | None:
    """Every word of the term must begin a word of the row. None when the term has no word."""
    words = re.findall(r"\w+", term)[:8]
    return SearchQuery(" & ".join(f"{word}:*" for word in words), config="simple", search_type="raw") if words else None
