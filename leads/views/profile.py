"""What a person chose for themselves: the time zone in which they see times."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from leads import zones
from leads.models import User
from leads.requests import Request


class ProfileForm(forms.ModelForm):
    time_zone = forms.ChoiceField(
        required=False, help_text="In which you see moments and clocks. The days of reports stay those of the company."
    )

    class Meta:
        model = User
        fields = ("time_zone",)

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
    return render(request, "leads/profile.html", {"form": form})


urlpatterns: list[URLPattern] = [path("profile/", profile, name="profile")]
