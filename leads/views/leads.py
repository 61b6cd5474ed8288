"""The list of leads: highest score first."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_safe

from leads import csvfile
from leads.asked import at_cursor, refused
from leads.ingest import own
from leads.keyset import capped_count, page_of
from leads.listing import ORDER, LeadListing
from leads.models import Field, Standing
from leads.requests import Request
from leads.rows import JOINED, lead_rows

AT_ONCE = 1000
# More than this is "100+": nobody needs the number, and counting on would walk all that is due.
MANY_DUE = 100
HEAD = [
    "id", "email", "first_name", "last_name", "title", "company", "domain", "phone", "country", "source", "stage",
    "owner", "total", "fit", "engagement", "grade", "label", "top_reason", "last_seen", "created_at", "city",
    "website", "campaign", "owner_email", own.ID,
]  # fmt: skip


@require_safe
@permission_required("leads.view_lead", raise_exception=True)
def leads(request: Request) -> HttpResponse:
    listing = LeadListing(request)
    page = at_cursor(request, listing.page)
    due = capped_count(Standing.objects.visible_to(request.user).due(), MANY_DUE)
    return render(
        request, "leads/leads.html", {"listing": listing, "page": page, "rows": lead_rows(page.rows), "due": due}
    )


@require_safe
@permission_required("leads.view_lead", raise_exception=True)
def export(request: Request) -> HttpResponse | StreamingHttpResponse:
    """The leads of the list, all pages, as CSV. Never more than was asked for: a wrong address is refused."""
    listing = LeadListing(request)
    if listing.problems:
        return refused(listing.problems)
    custom = list(Field.objects.filter(of=Field.LEAD).values_list("key", flat=True))
    head = [*HEAD, *(f"fields.{key}" for key in custom)]
    return csvfile.stream(f"leads-{timezone.localdate()}.csv", head, _lines(listing, custom))


def _lines(listing: LeadListing, custom: Sequence[str]) -> Iterator[list[Any]]:
    rows, cursor = listing.rows.select_related(*JOINED), ""
    while True:
        page = page_of(rows, order=ORDER, size=AT_ONCE, cursor=cursor)
        for row in lead_rows(page.rows):
            lead, standing, company = row.lead, row.standing, row.lead.company
            yield [
                lead.pk, lead.email, lead.first_name, lead.last_name, lead.title, company.name if company else "",
                company.domain if company else "", lead.phone, lead.country, lead.source, standing.stage,
                str(standing.owner or ""), standing.total, standing.fit, standing.engagement, standing.grade,
                standing.label, row.top_reason, _moment(row.last_seen), _moment(lead.created_at), lead.city,
                lead.website, lead.campaign, standing.owner.email if standing.owner else "", own.mark_of(lead.pk),
                *(_cell(lead.fields.get(key)) for key in custom),
            ]  # fmt: skip
        cursor = page.next
        if not cursor:
            return


def _cell(value: Any) -> Any:
    """A value of a custom field, as the import reads it."""
    if isinstance(value, list):
        items = [str(item) for item in value]
        bare = len(items) > 1 and not any(set(item) & set(";|\n,[") or item != item.strip() for item in items)
        return "; ".join(items) if bare else json.dumps(items, ensure_ascii=False) if items else ""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _moment(at: Any) -> str:
    return timezone.localtime(at).isoformat(timespec="seconds") if at else ""


urlpatterns: list[URLPattern] = [
    path("leads/", leads, name="leads"),
    path("leads.csv", export, name="leads-export"),
]
