"""What a list behind a figure is narrowed to, in words, as its page says them."""

from collections.abc import Callable
from typing import Any

from django import forms

from leads.models import RejectionReason, User
from reports.queries.impact import version_names

TITLED = ("came", "at")  # the title of the list says these
_FLAGS = {"won": "The lead bought", "closed": "With a day on which they bought"}


def said(form: forms.Form, rep: User | None = None) -> list[str]:
    """`rep`: whose handoffs these are, where the address asks for one person's and there are any."""
    asked = {name: value for name, value in form.cleaned_data.items() if value not in ("", None, False)}
    low, high = asked.pop("total_from", None), asked.pop("total_to", None)
    words = [_words(form, name, value, rep) for name, value in asked.items() if name not in TITLED]
    return [*words, *_score(low, high)]


def _score(low: int | None, high: int | None) -> list[str]:
    if low is None:
        return [] if high is None else [f"Score: up to {high}"]
    return [f"Score: from {low}" if high is None else f"Score: {low} to {high}"]


def _words(form: forms.Form, name: str, value: Any, rep: User | None) -> str:
    if name in _FLAGS:
        return _FLAGS[name]
    if name == "days":
        return f"For {value:.3g} days or more"
    known: dict[str, Callable[[], Any]] = {
        "rep": lambda: rep or value or "nobody yet",
        "reason": lambda: RejectionReason.objects.filter(slug=value).first() or value,
        "version": lambda: version_names([value])[value] if value else "Not scored",
        "month": lambda: f"{value:%B %Y}",
        "opened": lambda: f"{value:%B %Y}",
    }
    choices = dict(getattr(form.fields[name], "choices", ()))
    return f"{name.capitalize()}: {known[name]() if name in known else choices.get(value) or value}"
