"""Talk: a thread with the form to say something, and changing what one said."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods, require_POST

from leads import talk
from leads.asked import page_asked
from leads.models import Comment, Handoff, Lead
from leads.requests import Request, posted
from leads.talk import About

PAGE = 30
OFFERED = 200


class CommentForm(forms.Form):
    text = forms.CharField(max_length=5000, label="Comment", widget=forms.Textarea({"class": "input", "rows": 3}))
    tell = forms.CharField(required=False, max_length=254, widget=forms.TextInput({"class": "input", "list": "people"}))

    def said(self) -> str:
        """The text, calling whom was chosen beside it."""
        tell = self.cleaned_data["tell"].lstrip("@")
        return f"@{tell} {self.cleaned_data['text']}" if tell else self.cleaned_data["text"]


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("leads.view_comment", raise_exception=True)
def lead_comments(request: Request, pk: int) -> HttpResponse:
    lead = get_object_or_404(Lead.objects.visible_to(request.user), pk=pk)
    return thread_page(request, talk.about_lead(lead))


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("leads.view_comment", raise_exception=True)
def handoff_comments(request: Request, pk: int) -> HttpResponse:
    handoffs = Handoff.objects.visible_to(request.user).select_related("lead", "decided_by")
    return thread_page(request, talk.about_handoff(get_object_or_404(handoffs, pk=pk)))


def thread_page(request: Request, about: About) -> HttpResponse:
    """The thread: a fragment for htmx, else a page of its own. A POST says something."""
    form = CommentForm(request.POST or None) if request.method == "POST" else CommentForm()
    if request.method == "POST" and not request.user.has_perm("leads.add_comment", about.row):
        raise PermissionDenied
    if form.is_valid() and (comment := _said(form, about, request)):
        if not request.htmx:
            return redirect(f"{about.url}#comment-{comment.pk}")
        form = CommentForm()
    template = "leads/_talk.html" if request.htmx else "leads/talk.html"
    return render(request, template, _shown(request, about, form), status=422 if form.is_bound else 200)


def _said(form: CommentForm, about: About, request: Request) -> Comment | None:
    tell = form.cleaned_data["tell"].lstrip("@").lower()
    try:
        if tell and not talk.mentionable(about, request.user).filter(email=tell).exists():
            raise ValidationError({"tell": "Choose somebody from the list: others do not see this."})
        return talk.say(about, form.said(), by=request.user)
    except ValidationError as error:
        form.add_error(None, error)
        return None


def _shown(request: Request, about: About, form: CommentForm) -> dict[str, Any]:
    related = ("by", "handoff", "lead")
    rows = talk.thread(about, request.user).select_related(*related).prefetch_related("mentioned")
    page = page_asked(request, rows, order="-id", size=PAGE)
    return {
        "about": about,
        "form": form,
        "page": page,
        "comments": page.rows[::-1],
        "may_say": request.user.has_perm("leads.add_comment", about.row),
        "people": talk.mentionable(about, request.user)[:OFFERED],
    }


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("leads.change_comment", raise_exception=True)
def comment(request: Request, pk: int) -> HttpResponse:
    """Put otherwise what one said."""
    found = _own(request, pk)
    form = CommentForm(posted(request), initial={"text": found.text})
    if form.is_valid():
        try:
            talk.edit(found, form.cleaned_data["text"], by=request.user)
            return redirect(f"{talk.about_of(found).url}#comment-{pk}")
        except ValidationError as error:
            form.add_error(None, error)
    context = {"form": form, "comment": found, "about": talk.about_of(found)}
    return render(request, "leads/comment.html", context, status=422 if form.is_bound else 200)


@require_POST
@permission_required("leads.delete_comment", raise_exception=True)
def deletion(request: Request, pk: int) -> HttpResponse:
    """Take back what one said."""
    found = _own(request, pk)
    try:
        talk.delete(found, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(f"{talk.about_of(found).url}#comment-{pk}")


def _own(request: Request, pk: int) -> Comment:
    rows = Comment.objects.visible_to(request.user).select_related("lead", "handoff__lead")
    found = get_object_or_404(rows, pk=pk)
    if found.by_id != request.user.pk:
        raise PermissionDenied
    return found


urlpatterns: list[URLPattern] = [
    path("leads/<int:pk>/comments/", lead_comments, name="lead-comments"),
    path("handoffs/<int:pk>/comments/", handoff_comments, name="handoff-comments"),
    path("comments/<int:pk>/", comment, name="comment"),
    path("comments/<int:pk>/deletion/", deletion, name="comment-deletion"),
]
