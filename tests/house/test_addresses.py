"""A name means one address: a page that links to a name must not arrive at the API."""

from collections import Counter

from django.urls import URLPattern, get_resolver


def named(patterns, space=""):
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            if pattern.name:
                yield f"{space}{pattern.name}"
        else:
            yield from named(pattern.url_patterns, f"{space}{pattern.namespace}:" if pattern.namespace else space)


def test_no_name_is_given_twice():
    names = Counter(named(get_resolver().url_patterns))
    # Django's admin has one address for the history of objects before and after their key was quoted.
    twice = {name for name, number in names.items() if number > 1 and not name.startswith("admin:")}
    assert twice == set()
