"""Kinds of event: any name a sender uses becomes one row."""

import hashlib
import re
from collections.abc import Iterable

from django.utils.text import slugify

from leads.models import EventKind

MOST_KINDS = 2_000
LONGEST = 60


def slug_of(name: str) -> str:
    """ "Page Viewed", "pageViewed" and "page-viewed" are all page_viewed. A name without Latin letters gets a number."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name.strip())
    slug = slugify(spaced).replace("-", "_").strip("_")
    if slug and len(slug) <= LONGEST:
        return slug
    number = hashlib.sha256(name.strip().encode()).hexdigest()[:8]
    return f"{slug[: LONGEST - 9]}_{number}" if slug else f"kind_{number}"


def kind_ids(names: Iterable[str]) -> dict[str, int]:
    """{name: id of its kind}, made when new. Names beyond the limit of kinds are left out."""
    slugs = {name: slug_of(name) for name in names}
    known = _ids(slugs.values())
    missing = {slug: name for name, slug in slugs.items() if slug not in known}
    if missing:
        room = max(0, MOST_KINDS - EventKind.objects.count())
        EventKind.objects.bulk_create(
            [EventKind(slug=slug, label=_label(name)) for slug, name in sorted(missing.items())[:room]],
            ignore_conflicts=True,
        )
        known |= _ids(missing)
    return {name: known[slug] for name, slug in slugs.items() if slug in known}


def _ids(slugs: Iterable[str]) -> dict[str, int]:
    return dict(EventKind.objects.filter(slug__in=set(slugs)).values_list("slug", "id"))


def _label(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)).strip().lower()[:80] or "event"
