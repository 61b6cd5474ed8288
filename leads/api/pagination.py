"""Lists of the API: {"next": url, "previous": url, "results": […]}, by position (leads/keyset.py)."""

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from leads.keyset import BadCursor, Page, page_of

PAGE_SIZE = 50
MAX_PAGE_SIZE = 200


class CursorPages(BasePagination):
    """`page_size` rows a page, 200 at most, in the view's `ordering` ("name", "-id"), then by primary key.

    A view with `orderings = {"-total": "-total", …}` lets the caller choose one with `ordering=`.
    """

    page: Page
    request: Request

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        size, order = _size(request), _order(request, view)
        try:
            self.page = page_of(queryset, order=order, size=size, cursor=request.query_params.get("cursor", ""))
        except BadCursor as error:
            raise ValidationError({"cursor": [str(error)]}) from None
        return self.page.rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {"next": self._link(self.page.next), "previous": self._link(self.page.previous), "results": data}
        )

    def _link(self, cursor: str) -> str | None:
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor) if cursor else None

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE_SIZE}
        parameters = [
            {
                "name": "cursor",
                "in": "query",
                "schema": {"type": "string"},
                "description": "As given in next, previous.",
            },
            {"name": "page_size", "in": "query", "schema": size},
        ]
        if orderings := getattr(view, "orderings", None):
            choice = {"type": "string", "enum": list(orderings), "default": next(iter(orderings))}
            parameters.append({"name": "ordering", "in": "query", "schema": choice})
        return parameters


def _size(request: Request) -> int:
    given = request.query_params.get("page_size", "")
    if not given:
        return PAGE_SIZE
    if not (given.isascii() and given.isdecimal()) or len(given) > 9 or int(given) < 1:
        raise ValidationError({"page_size": [f"Give a whole number from 1 to {MAX_PAGE_SIZE}."]})
    return min(int(given), MAX_PAGE_SIZE)


def _order(request: Request, view: Any) -> str:
    """The order asked for, else the first of the view's orderings."""
    orderings: dict[str, str] = getattr(view, "orderings", None) or {view.ordering: view.ordering}
    given = request.query_params.get("ordering") or next(iter(orderings))
    if given not in orderings:
        raise ValidationError({"ordering": [f"This list can be ordered by: {', '.join(orderings)}."]})
    return orderings[given]
