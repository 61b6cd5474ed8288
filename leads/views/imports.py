"""Files: uploaded, their columns checked, imported, and what came of it."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from leads import csvfile
from leads.access import teams_with
from leads.asked import page_asked
from leads.enums import ImportState, SourceKind
from leads.ingest import job as jobs
from leads.ingest import undo
from leads.ingest.files import FileError
from leads.ingest.mapping import MappingForm
from leads.ingest.problems import problem_lines
from leads.ingest.source import source_name
from leads.ingest.trial import try_out
from leads.models import Import, Source, Team, User
from leads.requests import Request, posted
from leads.tasks import run_imports
from leads.wake import wake

MAY_IMPORT = permission_required("leads.add_import", raise_exception=True)
PAGE = 50
ENDED = (*undo.ENDED, ImportState.UNDONE)
SHOWN = 50


class UploadForm(forms.Form):
    file = forms.FileField(
        label="File",
        help_text="CSV or XLSX with a header: leads, companies, deals or activities. Up to 200 MB.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    team = forms.ModelChoiceField(Team.objects.none(), label="Team", empty_label=None)
    source = forms.CharField(
        label="Source",
        max_length=100,
        required=False,
        help_text="Where the file comes from, such as HubSpot. Ids in files of one source name the same rows."
        " Empty: by the name of the file.",
    )

    def __init__(self, *args: Any, user: User, **options: Any):
        super().__init__(*args, **options)
        team: Any = self.fields["team"]
        team.queryset = teams_of(user)
        # a whole file in the wrong team is much to undo, so of several teams none is chosen for you
        team.empty_label = "Choose the team" if len(team.queryset) > 1 else None

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > settings.IMPORT_MAX_BYTES:
            raise forms.ValidationError("The file is larger than 200 MB. Cut it in two.")
        return file


def teams_of(user: User) -> QuerySet[Team]:
    """The teams into which this person may import."""
    return Team.objects.filter(pk__in=teams_with(user, "leads.add_import"))


def imports_of(user: User) -> QuerySet[Import]:
    return Import.objects.filter(team__in=teams_of(user)).select_related("team", "source", "by")


@MAY_IMPORT
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: Request) -> HttpResponse:
    """The files so far; a posted file is taken over and its columns shown."""
    form = UploadForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        job = _take_over(form, request.user)
        if job:
            wake(run_imports)  # a large workbook is read there
            return redirect("import", job.pk)
    page = page_asked(request, imports_of(request.user), order="-id", size=PAGE)
    return render(request, "leads/imports.html", {"form": form, "page": page}, status=422 if form.errors else 200)


@MAY_IMPORT
@require_http_methods(["GET", "HEAD", "POST"])
def import_(request: Request, pk: int) -> HttpResponse:
    """One file: its columns before it is started; then how far it is and what could not be taken."""
    job = get_object_or_404(imports_of(request.user), pk=pk)
    if job.state == ImportState.UPLOADED:
        return _columns(request, job)
    page = page_asked(request, job.problems.all(), order="line", size=PAGE)
    context = {
        "job": job, "page": page, "ended": job.state in ENDED, "can_undo": undo.can_undo(job),
        "kept": job.kept.all()[:SHOWN], "kept_count": job.kept.count(),
    }  # fmt: skip
    return render(request, "leads/import.html", context)


@MAY_IMPORT
@require_GET
def check(request: Request, pk: int) -> HttpResponse:
    """What will happen, found by a trial run that is taken back; kept until the columns are changed."""
    job = get_object_or_404(imports_of(request.user), pk=pk, state=ImportState.UPLOADED)
    if not job.trial:
        job.trial = try_out(job)
        Import.objects.filter(pk=pk, mapping=job.mapping, policy=job.policy).update(trial=job.trial)
    return render(request, "leads/_import_check.html" if request.htmx else "leads/import_check.html", {"job": job})


@MAY_IMPORT
@require_POST
def start(request: Request, pk: int) -> HttpResponse:
    """The columns as they were sent, and off it goes."""
    job = get_object_or_404(imports_of(request.user), pk=pk, state=ImportState.UPLOADED)
    form = MappingForm(job, request.POST)
    if form.errors:
        return render(request, "leads/import_columns.html", {"job": job, "form": form}, status=422)
    same_kind = form.kind == job.kind
    form.save()
    if same_kind and jobs.start(job):  # another kind has other columns: they are looked at first
        wake(run_imports)
    return redirect("import", pk)


@MAY_IMPORT
@require_POST
def stop(request: Request, pk: int) -> HttpResponse:
    job = get_object_or_404(imports_of(request.user), pk=pk)
    if jobs.stop(job):
        messages.success(request, "Stopped. What was stored stays; the same file can be imported again at any time.")
    return redirect("import", pk)


@MAY_IMPORT
@require_POST
def undoing(request: Request, pk: int) -> HttpResponse:
    """Take the whole import back, in the background."""
    job = get_object_or_404(imports_of(request.user), pk=pk)
    if undo.ask(job, by=request.user):
        wake(run_imports)
    else:
        messages.error(request, "This import cannot be undone any more, or is being undone already.")
    return redirect("import", pk)


@MAY_IMPORT
@require_GET
def kept(request: Request, pk: int) -> StreamingHttpResponse:
    """What an undo left as it is, and why."""
    job = get_object_or_404(imports_of(request.user), pk=pk)
    rows = ([row.what, row.row, row.name, row.field, row.why] for row in job.kept.iterator(chunk_size=1000))
    return csvfile.stream(f"kept-{job.pk}.csv", ["What", "Id", "Name", "Field", "Why it stayed"], rows)


@MAY_IMPORT
@require_GET
def progress(request: Request, pk: int) -> HttpResponse:
    """How far it is; the page is loaded anew when it has ended."""
    job = get_object_or_404(imports_of(request.user), pk=pk)
    if not request.htmx:
        return redirect("import", pk)
    if job.state in (*ENDED, ImportState.UPLOADED):
        return HttpResponseClientRefresh()
    return render(request, "leads/_import_progress.html", {"job": job})


@MAY_IMPORT
@require_GET
def problems(request: Request, pk: int) -> StreamingHttpResponse:
    job = get_object_or_404(imports_of(request.user), pk=pk)
    return csvfile.stream(f"problems-{job.pk}.csv", *problem_lines(job))


def _columns(request: Request, job: Import) -> HttpResponse:
    form = MappingForm(job, posted(request))
    if request.method == "POST" and not form.errors:
        form.save()
        return redirect("import", job.pk)
    return render(request, "leads/import_columns.html", {"job": job, "form": form}, status=422 if form.errors else 200)


def _take_over(form: UploadForm, user: User) -> Import | None:
    file, team = form.cleaned_data["file"], form.cleaned_data["team"]
    name = form.cleaned_data["source"] or source_name(file.name)
    source = Source.objects.named(team, name, SourceKind.IMPORT)
    try:
        return jobs.take_over(file, name=file.name, team=team, source=source, by=user)
    except FileError as wrong:
        form.add_error("file", str(wrong))
        return None


urlpatterns: list[URLPattern] = [
    path("imports/", imports, name="imports"),
    path("imports/<int:pk>/", import_, name="import"),
    path("imports/<int:pk>/check/", check, name="import-check"),
    path("imports/<int:pk>/start/", start, name="import-start"),
    path("imports/<int:pk>/stop/", stop, name="import-stop"),
    path("imports/<int:pk>/undoing/", undoing, name="import-undoing"),
    path("imports/<int:pk>/kept.csv", kept, name="import-kept"),
    path("imports/<int:pk>/progress/", progress, name="import-progress"),
    path("imports/<int:pk>/problems.csv", problems, name="import-problems"),
]
