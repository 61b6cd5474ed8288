"""Who needs a custom field or a kind of event, asked before it is deleted.

Leads may not know scoring, so whoever refers to fields by key registers a function that answers with the places.
"""

from collections.abc import Callable, Iterable

# (vocabulary key such as "fields.seats" or event kind such as "page_viewed") → "Criterion “Many seats” of Inbound", …
FindsUses = Callable[[str], Iterable[str]]
_askers: list[FindsUses] = []


def register(asker: FindsUses) -> FindsUses:
    _askers.append(asker)
    return asker


def uses_of(key: str) -> list[str]:
    """Where a field or kind of event is used, in words; empty when nobody needs it."""
    return [place for asker in _askers for place in asker(key)]
