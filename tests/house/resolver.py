"""Every address of the resolver, by its name, and how its blanks are filled."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

BLANK = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")


@dataclass(frozen=True)
class Address:
    """`name` as in `reverse`; where a pattern has none, its route."""

    name: str
    route: str

    @property
    def blanks(self) -> list[str]:
        return [one or other for one, other in BLANK.findall(self.route)]

    def filled(self, value: Callable[[str], object]) -> str:
        """The path, each blank filled with the value for its name."""
        path = BLANK.sub(lambda match: str(value(match[1] or match[2])), self.route)
        return "/" + re.sub(r"[\^$\\]|/\?$", "", path).replace("/?", "/")


def addresses() -> list[Address]:
    """All of them; one that is there twice (Django's admin has such) once."""
    return sorted(set(_walk(get_resolver())), key=lambda address: address.route)


def _walk(resolver: URLResolver, prefix: str = "", space: str = "") -> Iterator[Address]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, route, f"{space}{pattern.namespace}:" if pattern.namespace else space)
        elif isinstance(pattern, URLPattern):
            yield Address(f"{space}{pattern.name}" if pattern.name else route, route)
