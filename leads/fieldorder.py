"""The order of sources of a custom field, as people write it: "CRM", "By hand", or the name of a source."""

from collections.abc import Iterable

from leads.enums import SourceKind
from leads.ingest.precedence import KIND, SOURCE
from leads.models import Source

MOST = 50


def read_precedence(lines: Iterable[str]) -> list[str]:
    """["kind:crm", "source:hubspot"] of the lines, each once. Raises ValueError with the line that names nothing."""
    found = [_entry(line.strip()) for line in lines if line.strip()]
    if len(found) > MOST:
        raise ValueError(f"More than {MOST} lines. Name kinds instead of single sources.")
    return list(dict.fromkeys(found))


def in_words(precedence: Iterable[str]) -> list[str]:
    """The lines of an order."""
    names = {SOURCE + slug: name for slug, name in Source.objects.values_list("slug", "name")}
    names |= {KIND + kind: str(label) for kind, label in SourceKind.choices}
    return [names.get(entry, entry) for entry in precedence]


def _entry(line: str) -> str:
    kinds = {
        spelling.lower(): kind for kind, label in SourceKind.choices for spelling in (kind, str(label), KIND + kind)
    }
    if kind := kinds.get(line.lower()):
        return f"{KIND}{kind}"
    name = line.removeprefix(SOURCE)
    source = Source.objects.filter(slug__iexact=name).first() or Source.objects.filter(name__iexact=name).first()
    if source is None:
        raise ValueError(f"There is no source and no kind of source {line[:60]!r}.")
    return f"{SOURCE}{source.slug}"
