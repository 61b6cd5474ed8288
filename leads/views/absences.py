"""Who is away when: one's own days off, and for managers those of the team."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from leads import widgets
from leads.asked import page_asked
from leads.models import Absence, User
from leads.requests import Request
from leads.selling.absences import end_absence, may_set, people_of, set_absence

PAGE = 50


class AbsenceForm(forms.Form):
    user = forms.ModelChoiceField(User.objects.none(), label="Who", empty_label=None)
    first = forms.DateField(label="First day", widget=widgets.day())
    last = forms.DateField(label="Last day", widget=widgets.day())
    note = forms.CharField(required=False, max_length=100, help_text="Seen by the people of your teams.")

    def __init__(self, *args: Any, by: User, **extra: Any) -> None:
        super().__init__(*args, **extra)
        self.fields["user"].queryset = people_of(by).order_by("name")  # type: ignore[attr-defined]
        self.initial.update(user=by.pk, first=timezone.localdate(), last=timezone.localdate())


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("leads.view_absence", raise_exception=True)
def absences(request: Request) -> HttpResponse:
    form = AbsenceForm(request.POST or None, by=request.user)
    if request.method == "POST" and not request.user.has_perm("leads.add_absence"):
        raise PermissionDenied
    if form.is_valid() and _set(form, request.user):
        messages.success(request, f"{form.cleaned_data['user']} is given no leads on these days.")
        return redirect("absences")
    return render(request, "leads/absences.html", _shown(request, form), status=422 if form.is_bound else 200)


def _set(form: AbsenceForm, by: User) -> bool:
    try:
        set_absence(**form.cleaned_data, by=by)
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True


def _shown(request: Request, form: AbsenceForm) -> dict[str, Any]:
    now_on = Absence.objects.filter(last__gte=timezone.localdate())
    mine = now_on.filter(pk__in=Absence.objects.visible_to(request.user).values("pk")).select_related("user")
    page = page_asked(request, mine, order="first", size=PAGE)
    ours = set(people_of(request.user).values_list("pk", flat=True))
    return {"form": form, "page": page, "ours": ours, "may_add": request.user.has_perm("leads.add_absence")}


@require_POST
@permission_required("leads.delete_absence", raise_exception=True)
def ending(request: Request, pk: int) -> HttpResponse:
    """They are back, or never went."""
    absence = get_object_or_404(Absence.objects.visible_to(request.user), pk=pk)
    if not may_set(request.user, absence.user):
        raise PermissionDenied
    end_absence(absence)
    messages.success(request, f"{absence.user} is given leads again.")
    return redirect("absences")


urlpatterns: list[URLPattern] = [
    path("absences/", absences, name="absences"),
    path("absences/<int:pk>/ending/", ending, name="absence-ending"),
]
