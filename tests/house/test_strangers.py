"""No address of the resolver answers a stranger, except those that are public on purpose."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

# Each of these is public for a reason.
PUBLIC = {
    "health/live": "load balancers ask it",
    "health/ready": "load balancers ask it; it names no detail",
    "setup/<str:token>/": "first admin; the token is the key, and dead once somebody can sign in",
    "login/": "signing in",
    "join/<str:token>/": "invitations; the token is the key, good once and for seven days",
    "logout/": "signing out",
    "password/reset/": "for people who cannot sign in",
    "password/reset/done/": "for people who cannot sign in",
    "password/reset/<uidb64>/<token>/": "for people who cannot sign in; the token is the key",
    "password/reset/complete/": "for people who cannot sign in",
    "admin/login/": "signing in",
    "^v1/(?P<call>batch|import|track|identify|page|screen|group|alias|[tipsgab])/?$": "the write key is the key",
    "t.js": "the script for websites, the same for everybody",
    "f/<str:key>/": "lead forms of other websites are sent here; what they make is all they can do",
    "hooks/email/<slug:provider>/": "e-mail providers send there; their signature is the key",
    "v1/projects/<str:key>/settings": "analytics.js asks where to send; the same answer for every key",
}
STATIC = re.compile(r"^admin/(jsi18n/|\(\?P<url>)")
METHODS = ("get", "post", "put", "patch", "delete")


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route


def address(route: str) -> str:
    """An address the route matches, with made-up ids."""
    path = re.sub(r"<(?:int|slug|str|path|uuid):\w+>|<\w+>", "1", route)
    path = re.sub(r"\(\?P<format>[^)]*\)\??", "", path)
    path = re.sub(r"\(\?P<\w+>[^)]*\)", "1", path)
    return "/" + re.sub(r"[\^$?\\]|\(|\)|\.\*|\|.*", "", path)


@pytest.mark.django_db
def test_strangers_are_sent_to_sign_in(client: Client) -> None:
    found, wrong = 0, []
    for route in sorted(set(routes())):
        if route in PUBLIC or STATIC.match(route):
            continue
        found += 1
        for method in METHODS:
            response = getattr(client, method)(address(route))
            to_sign_in = response.status_code == 302 and "/login/" in response["Location"]
            refused = response.status_code in (401, 403, 404, 405) and b"traceback" not in response.content.lower()
            if not (to_sign_in or refused):
                wrong.append(f"{method} {address(route)} ({route}) answered {response.status_code}")
    assert wrong == []
    assert found >= 60  # a sweep that finds nothing would pass for ever


@pytest.mark.django_db
def test_the_sweep_sees_an_open_page(client: Client) -> None:
    """Negative control: a public page is noticed when it is not on the list."""
    assert client.get("/login/").status_code == 200
    assert "login/" in set(routes())
