"""Where leads work: the list, and a company with its people."""

from django.contrib.auth.decorators import permission_required
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from leads.asked import page_asked
from leads.details import of_company
from leads.models import Company, Lead, Standing
from leads.requests import Request
from leads.rows import JOINED, lead_rows
from leads.search import search_query

SIZE = 50


@require_safe
@permission_required("leads.view_company", raise_exception=True)
def companies(request: Request) -> HttpResponse:
    term = request.GET.get("q", "")[:200]
    rows = Company.objects.visible_to(request.user).select_related("team")
    query = search_query(term)
    page = page_asked(request, rows.filter(search=query) if query else rows, order="name", size=SIZE)
    people = dict(Lead.objects.filter(company__in=page.rows).order_by().values_list("company").annotate(n=Count("pk")))
    context = {"page": page, "rows": [(row, people.get(row.pk, 0)) for row in page.rows], "term": term}
    return render(request, "leads/companies.html", context)


@require_safe
@permission_required("leads.view_company", raise_exception=True)
def company(request: Request, pk: int) -> HttpResponse:
    found = get_object_or_404(Company.objects.visible_to(request.user).with_rollup().select_related("team"), pk=pk)
    people = Standing.objects.visible_to(request.user).filter(lead__company=found).select_related(*JOINED)
    page = page_asked(request, people, order="-total", size=SIZE)
    deals = found.deals.visible_to(request.user).order_by("-opened_at")[:20]
    context = {
        "company": found,
        "details": of_company(found),
        "page": page,
        "rows": lead_rows(page.rows),
        "deals": deals,
    }
    return render(request, "leads/company.html", context)


urlpatterns: list[URLPattern] = [
    path("companies/", companies, name="companies"),
    path("companies/<int:pk>/", company, name="company"),
]
