"""Kinds of event: any name a sender uses becomes one row."""

import hashlib
import re
from collections.abc import Iterable

from django.db import connection
from django.utils.text import slugify

from leads.models import EventKind

MOST_KINDS = 2_000
LONGEST = 60
# Kinds that are not done by the lead and come by files, CRMs and e-mail providers: made when they first occur.
NOT_BY_LEAD = {
    "call_attempted": "call was attempted",
    "meeting_planned": "meeting was planned",
    "meeting_missed": "meeting did not take place",
    "email_queued": "e-mail waits to be sent",
    "email_deferred": "e-mail was delayed",
    "email_rejected": "e-mail was not sent",
    "email_failed": "e-mail could not be sent",
    "email_autoresponded": "e-mail was answered by a program",
}


def slug_of(name: str) -> str:
    """The slug of a name: "Page Viewed", "pageViewed" and "page-viewed" are page_viewed; other scripts get a number."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[/&.,:;()]", " ", name.strip())
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
            [_kind(slug, name) for slug, name in sorted(missing.items())[:room]],
            ignore_conflicts=True,
        )
        known |= _ids(missing)
    return {name: known[slug] for name, slug in slugs.items() if slug in known}


def _ids(slugs: Iterable[str]) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT slug, id FROM leads_eventkind WHERE slug = ANY(%s)", [list(set(slugs))])
        return dict(cursor.fetchall())


def _kind(slug: str, name: str) -> EventKind:
    return EventKind(slug=slug, label=NOT_BY_LEAD.get(slug) or _label(name), by_lead=slug not in NOT_BY_LEAD)


def _label(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)).strip().lower()[:80] or "event"
