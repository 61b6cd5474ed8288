"""The way from a figure to who is counted in it."""

from collections.abc import Mapping

from django import template

from reports.behind import address
from reports.scope import Scope

register = template.Library()


@register.simple_tag
def counted_in(scope: Scope, name: str, only: Mapping[str, str] | None) -> str:
    """The address of the list behind a figure of this name, in a row about `only` these; None: there is none."""
    return "" if only is None else address(scope, name, only)
