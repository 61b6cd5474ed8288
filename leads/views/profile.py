"""What is a person's own: their time zone, the week by mail, and where they are signed in."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods, require_POST

from leads.models import SignIn, User
from leads.people import sessions, zones
from leads.requests import Request


class ProfileForm(forms.ModelForm):
    time_zone = forms.ChoiceField(
        required=False, help_text="In which you see moments and clocks. The days of reports stay those of the company."
    )

    class Meta:
        model = User
        fields = ("time_zone", "weekly_digest")

    def __init__(self, *args: object, **extra: object) -> None:
        super().__init__(*args, **extra)  # type: ignore[arg-type]
        self.fields["time_zone"].choices = zones.choices()  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: Request) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("profile")
    context = {"form": form, "sign_ins": sessions.of(request.user), "here": request.session.session_key}
    return render(request, "leads/profile.html", context)


@require_POST
def session_ending(request: Request, pk: int) -> HttpResponse:
    """Sign out one browser of one's own."""
    found = get_object_or_404(SignIn, user=request.user, pk=pk)
    sessions.end(SignIn.objects.filter(pk=found.pk))
    messages.success(request, "Signed out there.")
    return redirect("profile")


@require_POST
def sessions_ending(request: Request) -> HttpResponse:
    """Sign out everywhere else."""
    sessions.end(SignIn.objects.filter(user=request.user).exclude(session_key=request.session.session_key or ""))
    messages.success(request, "Signed out everywhere but here.")
    return redirect("profile")


urlpatterns: list[URLPattern] = [
    path("profile/", profile, name="profile"),
    path("profile/sessions/ending/", sessions_ending, name="sessions-ending"),
    path("profile/sessions/<int:pk>/ending/", session_ending, name="session-ending"),
]
