"""Building blocks of expressions that Django does not have."""

from typing import Any

from django.db.models import BooleanField, Expression, Field, Func, IntegerField
from django.db.models.expressions import Combinable


class Parameter(Expression):
    """A value that is filled in when the SQL runs, so that compiled SQL can be kept: see bind()."""

    def __init__(self, name: str, cast: str, output_field: Field):
        super().__init__(output_field=output_field)
        self.name, self.cast = name, cast

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return f"%s::{self.cast}", [self]

    def __repr__(self) -> str:
        return f"Parameter({self.name})"


def bind(params: tuple[Any, ...], **values: Any) -> list[Any]:
    """The parameters of compiled SQL with every Parameter replaced by its value."""
    return [values[param.name] if isinstance(param, Parameter) else param for param in params]


class Sql(Func):
    """`Sql("strpos({}, {}) > 0", a, b)`: one piece of SQL with expressions in its places."""

    def __init__(self, template: str, *expressions: Any, output_field: Field | None = None):
        super().__init__(*expressions, output_field=output_field or BooleanField())
        self.pieces = template.replace("%", "%%").split("{}")

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        sql, params = [self.pieces[0]], []
        for expression, piece in zip(self.source_expressions, self.pieces[1:], strict=True):
            part, values = compiler.compile(expression)
            sql += [part, piece]
            params += values
        return "".join(sql), params


def integer(template: str, *expressions: Combinable | Any) -> Sql:
    return Sql(template, *expressions, output_field=IntegerField())
