"""A new model: from a starter, from six questions, from a file, or blank. And a model as a file."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leads.requests import Request
from scoring.modelfile.apply import Imported, import_as_new
from scoring.modelfile.dump import draft_file, to_yaml, version_file
from scoring.modelfile.read import MOST_BYTES, ModelFileError, read
from scoring.modelfile.starters import offers, start_with, starters
from scoring.models import ScoringModel, Version
from scoring.profile import ProfileForm, profile_file

MAY_ADD = permission_required("scoring.add_scoringmodel", raise_exception=True)
MAY_VIEW = permission_required("scoring.view_scoringmodel", raise_exception=True)


class FileForm(forms.Form):
    file = forms.FileField(
        label="Model file", help_text="YAML, as “Download” on a model's page or `manage.py model export` writes it.",
        widget=forms.ClearableFileInput(attrs={"accept": ".yaml,.yml"}),
    )  # fmt: skip

    def clean_file(self) -> dict[str, Any]:
        given = self.cleaned_data["file"]
        try:
            return read(given.read(MOST_BYTES + 1))
        except ModelFileError as error:
            raise forms.ValidationError(error.problems) from None


@require_safe
@MAY_ADD
def new(request: Request) -> HttpResponse:
    """Ways to begin."""
    return _page(request, FileForm())


def _page(request: Request, form: FileForm, status: int = 200) -> HttpResponse:
    return render(request, "scoring/new.html", {"offers": offers(), "form": form}, status=status)


@require_POST
@MAY_ADD
def starter(request: Request, key: str) -> HttpResponse:
    """A draft of the starter."""
    if key not in {one.key for one in starters()}:
        messages.error(request, "There is no starter of that name.")
        return redirect("scoring:new")
    return _made(request, start_with(key, by=request.user))


@require_POST
@MAY_ADD
def upload(request: Request) -> HttpResponse:
    """A draft of an uploaded file, as a model of its own."""
    form = FileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            return _made(request, import_as_new(form.cleaned_data["file"], by=request.user, origin="file"))
        except ModelFileError as error:
            form.add_error("file", error.problems)
    return _page(request, form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@MAY_ADD
def profile(request: Request) -> HttpResponse:
    """Six questions about the ideal customer."""
    form = ProfileForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _made(request, import_as_new(profile_file(form.cleaned_data), by=request.user, origin="six questions"))
    return render(request, "scoring/profile.html", {"form": form}, status=422 if form.errors else 200)


def _made(request: Request, done: Imported) -> HttpResponse:
    also = f" Also made: {', '.join(done.made)}." if done.made else ""
    told = f"{done.model} is a draft with {done.criteria} criteria.{also} Read it here and change what is different at"
    told += " your company. Count its preview to see what it would do; publish it when it is right."
    messages.success(request, told)
    return redirect("scoring:model", done.model.pk)


@require_safe
@MAY_VIEW
def draft_as_file(request: Request, pk: int) -> HttpResponse:
    model = get_object_or_404(ScoringModel, pk=pk)
    return _download(draft_file(model), f"{model.slug}.yaml")


@require_safe
@MAY_VIEW
def version_as_file(request: Request, pk: int, number: int) -> HttpResponse:
    version = get_object_or_404(Version.objects.select_related("model"), model=pk, number=number)
    return _download(version_file(version), f"{version.model.slug}-{number}.yaml")


def _download(file: dict[str, Any], name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(to_yaml(file), content_type="application/yaml; charset=utf-8", headers=headers)
