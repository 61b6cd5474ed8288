"""What sources cost, month by month: entered here, divided by leads and customers on the page of the sources."""

from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet, Sum
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leads import csvfile
from leads.access import teams_with
from leads.asked import page_asked, problems_of, refused
from leads.keyset import Page
from leads.models import Team, User
from leads.requests import Request, posted
from reports.costs import HEAD, MONTH, CostFilters, enter, lines
from reports.days import today
from reports.models import SourceCost, Tally
from reports.models.summary import By
from reports.scope import READ

PAGE = 50
KNOWN = 200  # sources, campaigns
CHANGE = "reports.change_sourcecost"


class CostForm(forms.Form):
    team = forms.ModelChoiceField(Team.objects.none(), empty_label=None)
    source = forms.CharField(max_length=100, widget=forms.TextInput({"list": "sources"}), help_text="As leads have it.")
    campaign = forms.CharField(
        max_length=100, required=False, widget=forms.TextInput({"list": "campaigns"}),
        help_text="Empty: of the source itself, of none of its campaigns.",
    )  # fmt: skip
    month = forms.CharField(max_length=7, help_text="For example 2026-07.")
    amount = forms.DecimalField(min_value=0, max_digits=12, decimal_places=2, help_text="In euro, for the whole month.")

    def __init__(self, *args: Any, by: User, **extra: Any) -> None:
        super().__init__(*args, **extra)
        self.fields["team"].queryset = Team.objects.filter(pk__in=teams_with(by, CHANGE))  # type: ignore[attr-defined]
        self.initial.setdefault("month", f"{today():%Y-%m}")

    def clean_month(self) -> date:
        try:
            return date.fromisoformat(f"{self.cleaned_data['month']}-01")
        except ValueError:
            raise forms.ValidationError(MONTH) from None


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(READ, raise_exception=True)
def costs(request: Request) -> HttpResponse:
    """What was entered, the newest month first, and a way to enter more."""
    form = CostForm(posted(request), by=request.user)
    if request.method == "POST" and not request.user.has_perm(CHANGE):
        raise PermissionDenied
    if form.is_valid():
        cost = enter(**form.cleaned_data, by=request.user)
        messages.success(request, f"{cost.of}, {cost.month:%B %Y}: € {cost.amount:,.2f}.")
        return redirect("report-costs")
    return render(request, "reports/costs.html", _shown(request, form), status=422 if form.is_bound else 200)


@require_safe
@permission_required(READ, raise_exception=True)
def spreadsheet(request: Request) -> HttpResponse | StreamingHttpResponse:
    """The costs of the list, all pages, as CSV."""
    asked = _asked(request)
    if problems := problems_of(asked.form):
        return refused(problems)
    return csvfile.stream(f"costs-{today()}.csv", HEAD, lines(asked.qs))


def _asked(request: Request) -> CostFilters:
    mine = SourceCost.objects.visible_to(request.user).filter(team__in=teams_with(request.user, READ))
    return CostFilters(request.GET, queryset=mine, request=request)


def _shown(request: Request, form: CostForm) -> dict[str, Any]:
    asked = _asked(request)
    narrowed = asked.form.is_valid()
    rows = asked.qs if narrowed else asked.queryset
    page = page_asked(request, rows.select_related("team", "entered_by"), order="-month", size=PAGE)
    return {
        "page": page, "months": _by_month(page, rows), "said": _said(asked.form.cleaned_data) if narrowed else "",
        "every": rows.aggregate(number=Count("pk"), amount=Sum("amount")), "problems": problems_of(asked.form),
        "asked": asked.form, "to_choose": _to_choose(asked.queryset),
        "form": form, "sources": _known(request.user, "source"), "campaigns": _known(request.user, "key"),
        "may_change": request.user.has_perm(CHANGE), "ours": teams_with(request.user, CHANGE),
    }  # fmt: skip


def _said(asked: dict[str, Any]) -> str:
    """What the list is narrowed to, in words: July 2026, Fair, EMEA."""
    month = f"{asked['month']:%B %Y}" if asked["month"] else ""
    return ", ".join(str(one) for one in (month, asked["source"], asked["campaign"], asked["team"]) if one)


def _to_choose(rows: QuerySet[SourceCost]) -> dict[str, Any]:
    months = rows.order_by("-month").values_list("month", flat=True).distinct()
    sources = rows.order_by("source").values_list("source", flat=True).distinct()
    return {"months": months, "sources": sources}


def _by_month(page: Page, rows: QuerySet[SourceCost]) -> list[tuple[date, Decimal, list[SourceCost]]]:
    """The rows of the page under their months, each with its sum: also of what stands on another page."""
    shown = {cost.month for cost in page.rows}
    sums = dict(rows.filter(month__in=shown).order_by().values_list("month").annotate(amount=Sum("amount")))
    return [(month, sums[month], list(costs)) for month, costs in groupby(page.rows, key=attrgetter("month"))]


def _known(user: User, name: str) -> Any:
    """What may be meant, as leads have it; the key is the campaign."""
    months = Tally.objects.filter(of=By.CAMPAIGN.months(sourced=True), team__in=teams_with(user, READ)).exclude(
        **{name: ""}
    )
    return months.order_by(name).values_list(name, flat=True).distinct()[:KNOWN]


@require_POST
@permission_required(CHANGE, raise_exception=True)
def deletion(request: Request, pk: int) -> HttpResponse:
    """It was entered by mistake."""
    cost = get_object_or_404(SourceCost.objects.visible_to(request.user), pk=pk)
    if not request.user.has_perm(CHANGE, cost):
        raise PermissionDenied
    cost.delete()
    messages.success(request, f"{cost.of}, {cost.month:%B %Y} was taken out. It was € {cost.amount:,.2f}.")
    return redirect("report-costs")
