"""How a form asks for a day or a moment: with the browser's own picker, and what was said before in its place."""

from django import forms


def day() -> forms.DateInput:
    return forms.DateInput({"type": "date", "class": "input"}, format="%Y-%m-%d")


def moment() -> forms.DateTimeInput:
    return forms.DateTimeInput({"type": "datetime-local", "class": "input"}, format="%Y-%m-%dT%H:%M")
