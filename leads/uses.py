"""Who needs a custom field or a kind of event, asked before it is deleted.

Leads may not know scoring, so whoever refers to fields by key registers a function that answers with the places.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from leads.conditions.grammar import ConditionError, EventTest, parse, tests
from leads.enums import ImportKind, ImportState
from leads.models import Import, Source

# (vocabulary key such as "fields.seats" or event kind such as "page_viewed") → "Criterion “Many seats” of Inbound", …
FindsUses = Callable[[str], Iterable[str]]
_askers: list[FindsUses] = []


def register(asker: FindsUses) -> FindsUses:
    _askers.append(asker)
    return asker


def asks(condition: Any, key: str) -> bool:
    """Whether a condition as JSON asks for the field or kind of event. One that cannot be read asks for nothing."""
    try:
        asked = tests(parse(condition))
    except ConditionError:
        return False
    return any(key == (test.kind if isinstance(test, EventTest) else test.field) for test in asked)


@register
def traits_to(key: str) -> Iterator[str]:
    """Sources whose traits are sent to a custom field."""
    wanted = key.replace("custom.", "fields.", 1)
    for source in Source.objects.exclude(mapping={}).select_related("team"):
        if "custom." in key and wanted in source.mapping.values():
            yield f"traits of the source {source} of {source.team}"


@register
def columns_to(key: str) -> Iterator[str]:
    """Files on their way in, whose columns go to a custom field."""
    own, of_company = key.replace("custom.", "fields.", 1), key.startswith("company.")
    waiting = Import.objects.filter(state__in=(ImportState.UPLOADED, ImportState.QUEUED, ImportState.RUNNING))
    for job in waiting if "custom." in key else ():
        name = own.removeprefix("company.") if job.kind == ImportKind.COMPANIES and of_company else own
        if name in job.mapping.values():
            yield f"the import {job}"


def uses_of(key: str) -> list[str]:
    """Where a field or kind of event is used, in words; empty when nobody needs it."""
    return [place for asker in _askers for place in asker(key)]
