"""The page of the forecast, its tables as spreadsheets, counting again, and the assumptions."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, URLResolver, path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leads.access import teams_with
from leads.asked import page_asked, problems_of, refused
from leads.enums import Label
from leads.requests import Request, posted
from leads.wake import wake
from reports import exports, tasks
from reports.forecast import store
from reports.forecast.assumptions import overrule, readable, take_back
from reports.forecast.forms import AssumptionForm, ForecastForm, counted, counts_of
from reports.forecast.page import TABLES, shown, waiting
from reports.forecast.scope import CHANGE
from reports.scope import READ

PAGE = 50


@require_safe
@permission_required(READ, raise_exception=True)
def index(request: Request) -> HttpResponse:
    """Six months ahead, how good it was so far, and what it rests on."""
    form = ForecastForm(request.GET, user=request.user)
    return render(request, "reports/forecast/index.html", {"form": form, **shown(form.scope())})


@require_safe
@permission_required(READ, raise_exception=True)
def spreadsheet(request: Request, name: str) -> HttpResponse:
    """One table as CSV, for the same teams as the page."""
    if name not in TABLES:
        raise Http404
    form = ForecastForm(request.GET, user=request.user)
    if problems := problems_of(form):
        return refused(problems)
    answer = HttpResponse(exports.as_csv(TABLES[name], form.scope()), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="forecast-{name}.csv"'
    return answer


@require_POST
@permission_required(READ, raise_exception=True)
def counts(request: Request) -> HttpResponse:
    """Count again what the forecast rests on, in the background."""
    if not store.ask(by=request.user):
        messages.info(request, "It is being counted already.")
    wake(tasks.forecast)
    return redirect("forecast")


@require_safe
@permission_required(READ, raise_exception=True)
def progress(request: Request) -> HttpResponse:
    """How far it is, for a page that waits: when something is there to be shown, the page is loaded anew."""
    now = waiting()
    answer = render(request, "reports/forecast/_counting.html", {"waiting": now})
    if not now:
        answer["HX-Refresh"] = "true"
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(READ, raise_exception=True)
def assumptions(request: Request) -> HttpResponse:
    """What was overruled, by whom and why; and the form to do so."""
    if request.method == "POST" and not request.user.has_perm(CHANGE):
        raise PermissionDenied
    asked = {name: request.GET[name] for name in ("team", "name", "label") if name in request.GET}
    form = AssumptionForm(posted(request), by=request.user, initial=asked)
    if form.is_valid() and _overruled(form, request):
        return redirect("forecast")
    every = readable(request.user).select_related("team", "by", "ended_by")
    page = page_asked(request, every, order="-at", size=PAGE)
    label = asked["label"] if asked.get("label") in Label.values else Label.HOT
    counts = counts_of(teams_with(request.user, CHANGE), label)
    context = {"form": form, "page": page, "may": request.user.has_perm(CHANGE), "label": label, "counts": counts}
    return render(request, "reports/forecast/assumptions.html", context, status=422 if form.is_bound else 200)


def _overruled(form: AssumptionForm, request: Request) -> bool:
    given = form.cleaned_data
    was = counted(given["team"], given["name"], given["label"])
    try:
        said = overrule(**given, by=request.user, counted=was)
    except ValidationError as error:
        form.add_error(None, error)
        return False
    store.simulate_again()
    messages.success(request, f"{said.get_name_display()} in {said.team} is set. Its effect stands beside it.")
    return True


@require_POST
@permission_required(CHANGE, raise_exception=True)
def ending(request: Request, pk: int) -> HttpResponse:
    """Take an assumption back: what was counted holds again."""
    assumption = get_object_or_404(readable(request.user), pk=pk)
    if not request.user.has_perm(CHANGE, assumption):
        raise PermissionDenied
    if take_back(assumption, by=request.user):
        store.simulate_again()
        messages.success(request, f"{assumption.get_name_display()} in {assumption.team} is as counted again.")
    return redirect("forecast")


urlpatterns: list[URLPattern | URLResolver] = [
    path("", index, name="forecast"),
    path("counts/", counts, name="forecast-counts"),
    path("progress/", progress, name="forecast-progress"),
    path("assumptions/", assumptions, name="forecast-assumptions"),
    path("assumptions/<int:pk>/ending/", ending, name="forecast-assumption-ending"),
    path("<slug:name>.csv", spreadsheet, name="forecast-csv"),
]
