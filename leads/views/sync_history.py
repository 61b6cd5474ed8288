"""What syncs with a CRM did with a lead: a card of its page."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from leads.asked import at_cursor
from leads.crm.history import page_of_history
from leads.models import Lead
from leads.requests import Request


@require_safe
@permission_required("leads.view_lead", raise_exception=True)
def sync_history(request: Request, pk: int) -> HttpResponse:
    """A page of it, newest first: a fragment for htmx, else a page of its own."""
    lead = get_object_or_404(Lead.objects.visible_to(request.user), pk=pk)
    page = at_cursor(request, lambda cursor: page_of_history(lead, request.user, cursor))
    template = "leads/_sync_history.html" if request.htmx else "leads/sync_history.html"
    return render(request, template, {"lead": lead, "page": page})


urlpatterns: list[URLPattern] = [path("leads/<int:pk>/sync-history/", sync_history, name="lead-sync-history")]
