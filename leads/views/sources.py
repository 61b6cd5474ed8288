"""Sources: what comes in from where, write keys, the script for websites, forms, the event debugger, traits."""

import secrets
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from leads.access import teams_with
from leads.asked import one_of, page_asked
from leads.enums import SourceKind
from leads.ingest.mail import PROVIDERS
from leads.ingest.tracking.traits import choices
from leads.models import Call, Field, LeadForm, Source, Team, User, WriteKey
from leads.requests import Request
from leads.sources import limited, mail_rows, mark_not_counted, source_rows, trait_rows

MAY_CHANGE = permission_required("leads.change_source", raise_exception=True)
PAGE = 50
SENT_BY_PROGRAMS = (SourceKind.WEBSITE, SourceKind.API, SourceKind.FORM, SourceKind.EMAIL, SourceKind.CRM)


def teams_of(user: User) -> QuerySet[Team]:
    return Team.objects.filter(pk__in=teams_with(user, "leads.change_source"))


def sources_of(user: User) -> QuerySet[Source]:
    """The sources this person may look after."""
    return Source.objects.visible_to(user).filter(team__in=teams_of(user)).select_related("team")


class SourceForm(forms.ModelForm):
    class Meta:
        model = Source
        fields = ("name", "team", "kind")

    def __init__(self, *args: Any, user: User, **options: Any):
        super().__init__(*args, **options)
        self.fields["team"].queryset = teams_of(user)  # type: ignore[attr-defined]
        self.fields["team"].empty_label = None  # type: ignore[attr-defined]
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in SENT_BY_PROGRAMS]  # type: ignore[attr-defined]
        self.fields["name"].help_text = "As people will read it on leads: Website, Product, Shop."

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        self.instance.slug = slugify(said.get("name", ""))[:50] or "source"
        if Source.objects.filter(team=said.get("team"), slug=self.instance.slug).exists():
            self.add_error("name", "This team has a source of that name. Choose another.")
        return said


class FormForm(forms.ModelForm):
    thanks_url = forms.URLField(
        label="Thank-you page",
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text="Where the sender goes then. Empty: a plain page of ours that says thank you.",
    )

    class Meta:
        model = LeadForm
        fields = ("name", "thanks_url")


class HookForm(forms.Form):
    provider = forms.ChoiceField(
        label="Provider", choices=[(slug, provider.name) for slug, provider in PROVIDERS.items()]
    )


@MAY_CHANGE
@require_http_methods(["GET", "HEAD", "POST"])
def sources(request: Request) -> HttpResponse:
    """The sources, and a new one."""
    form = SourceForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        return redirect("source", form.save().pk)
    page = page_asked(request, sources_of(request.user), order="name", size=PAGE)
    context = {"form": form, "page": page, "rows": source_rows(page.rows)}
    return render(request, "leads/sources.html", context, status=422 if form.errors else 200)


@MAY_CHANGE
@require_safe
def source(request: Request, pk: int) -> HttpResponse:
    """One source: keys, the script for websites, forms."""
    found = get_object_or_404(sources_of(request.user), pk=pk)
    return source_page(request, found)


@MAY_CHANGE
@require_POST
def keys(request: Request, pk: int) -> HttpResponse:
    """A new write key. Its secret is in this answer and nowhere else."""
    found = get_object_or_404(sources_of(request.user), pk=pk)
    _, secret = WriteKey.issue(found)
    return source_page(request, found, secret=secret)


@MAY_CHANGE
@require_POST
def revocation(request: Request, pk: int, key: int) -> HttpResponse:
    found = get_object_or_404(WriteKey, pk=key, source__in=sources_of(request.user).filter(pk=pk))
    WriteKey.objects.filter(pk=found.pk, revoked_at=None).update(revoked_at=timezone.now())
    messages.success(request, f"The key …{found.hint} is revoked: nothing more is taken with it.")
    return redirect("source", pk)


@MAY_CHANGE
@require_POST
def new_form(request: Request, pk: int) -> HttpResponse:
    found = get_object_or_404(sources_of(request.user), pk=pk)
    form = FormForm(request.POST, instance=LeadForm(source=found, key=secrets.token_urlsafe(12)))
    if not form.is_valid():
        return source_page(request, found, form=form, status=422)
    form.save()
    return redirect("source", pk)


@MAY_CHANGE
@require_POST
def closing(request: Request, pk: int, form: int) -> HttpResponse:
    found = get_object_or_404(LeadForm, pk=form, source__in=sources_of(request.user).filter(pk=pk))
    LeadForm.objects.filter(pk=found.pk, closed_at=None).update(closed_at=timezone.now())
    messages.success(request, f"The form {found.name} is closed: what is sent to it is not taken.")
    return redirect("source", pk)


@MAY_CHANGE
@require_GET
def first_event(request: Request, pk: int) -> HttpResponse:
    """Whether something came in yet; asks again until it has."""
    found = get_object_or_404(sources_of(request.user), pk=pk)
    if not request.htmx:
        return redirect("source", pk)
    return render(request, "leads/_source_first.html", {"source": found, "first": _last_call(found)})


@MAY_CHANGE
@require_GET
def stream(request: Request, pk: int) -> HttpResponse:
    """The event debugger: what came in last, what became of it and why."""
    found = get_object_or_404(sources_of(request.user), pk=pk)
    only = one_of(request, "result", dict(Call.RESULTS))
    calls = Call.objects.filter(source=found).select_related("lead")
    if only:
        calls = calls.filter(result=only)
    page = page_asked(request, calls, order="-id", size=PAGE)
    mark_not_counted(found, page.rows)
    context = {"source": found, "page": page, "only": only, "results": Call.RESULTS, "limited": limited(found)}
    return render(request, "leads/_source_stream.html" if request.htmx else "leads/source_events.html", context)


@MAY_CHANGE
@require_http_methods(["GET", "HEAD", "POST"])
def traits(request: Request, pk: int) -> HttpResponse:
    """Which trait goes to which field; from now on, for what is new."""
    found = get_object_or_404(sources_of(request.user), pk=pk)
    rows, targets = trait_rows(found), choices(list(Field.objects.all()))
    if request.method == "POST":
        chosen = {row.name: request.POST.get(f"trait-{place}", row.key) for place, row in enumerate(rows)}
        found.mapping = {
            row.name: chosen[row.name] or None
            for row in rows
            if chosen[row.name] != row.suggested and chosen[row.name] in {"", *targets}
        }
        found.save(update_fields=["mapping"])
        messages.success(request, "Kept. New values go where you chose; what is on leads already stays.")
        return redirect("source-traits", pk)
    return render(request, "leads/source_traits.html", {"source": found, "rows": rows, "targets": targets.values()})


def source_page(
    request: Request,
    found: Source,
    *,
    secret: str = "",
    form: Any = None,
    hook_form: Any = None,
    status: int = 200,
    shown: tuple[int, str] = (0, ""),
    wrong: tuple[int, str] = (0, ""),
) -> HttpResponse:
    """The page of a source. `secret`: a write key just made; `shown`, `wrong`: (id of a mail hook, its new password or
    what is wrong with its secret)."""
    host = request.build_absolute_uri("/").rstrip("/")
    context = {
        "source": found, "keys": found.write_keys.order_by("-pk"), "secret": secret, "form": form or FormForm(),
        "forms": found.forms.order_by("pk"), "row": source_rows([found])[0], "first": _last_call(found),
        "host": host, "limited": limited(found), "hook_form": hook_form or HookForm(auto_id="hook_%s"),
        "hooks": mail_rows(found, host, shown, wrong),
    }  # fmt: skip
    return render(request, "leads/source.html", context, status=status)


def _last_call(found: Source) -> Call | None:
    return Call.objects.of(found).select_related("lead").first()


urlpatterns: list[URLPattern] = [
    path("sources/", sources, name="sources"),
    path("sources/<int:pk>/", source, name="source"),
    path("sources/<int:pk>/keys/", keys, name="source-keys"),
    path("sources/<int:pk>/keys/<int:key>/revocation/", revocation, name="source-key-revocation"),
    path("sources/<int:pk>/forms/", new_form, name="source-forms"),
    path("sources/<int:pk>/forms/<int:form>/closing/", closing, name="source-form-closing"),
    path("sources/<int:pk>/first-event/", first_event, name="source-first-event"),
    path("sources/<int:pk>/events/", stream, name="source-events"),
    path("sources/<int:pk>/traits/", traits, name="source-traits"),
]
