"""What an address asks for that is not there: said in plain words with the way out, never silently left out."""

from collections.abc import Callable, Container, Iterator
from typing import TypeVar

from django.contrib import messages
from django.db.models import QuerySet
from django.forms import Form
from django.forms.utils import pretty_name
from django.http import HttpResponse

from leads.keyset import BadCursor, Page, page_of
from leads.requests import Request

Answer = TypeVar("Answer")
LONG = 60  # signs of what was asked
NOT_THERE = "Select a valid choice."  # how Django begins to say it


def problems_of(form: Form, *names: str) -> list[str]:
    """What is wrong in a form filled from an address, or in these fields of it: “Label: there is no “icy”.”"""
    wrong = [name for name in form.errors if name in (names or form.errors)]
    return [f"{_label(form, name)}: {words}" for name in wrong for words in _said(form, name)]


def refused(problems: list[str]) -> HttpResponse:
    """To whoever asks for a file: which part of the address is not right, and what to write."""
    return HttpResponse("\n".join(problems), status=400, content_type="text/plain; charset=utf-8")


def one_of(request: Request, name: str, choices: Container[str], usual: str = "") -> str:
    """What the address asks for among these. Where it asks for another the page says so, and shows the usual."""
    given = request.GET.get(name) or usual
    if given == usual or given in choices:
        return given
    if not request.htmx:  # a part of a page that is fetched again and again says it once, with the page
        messages.error(request, f"{name.capitalize()}: there is no “{_short(given)}”. This is the page without it.")
    return usual


def page_asked(request: Request, rows: QuerySet, *, order: str, size: int) -> Page:
    """The page of the list that the address asks for (leads/keyset.py)."""
    return at_cursor(request, lambda cursor: page_of(rows, order=order, size=size, cursor=cursor))


def at_cursor(request: Request, page: Callable[[str], Answer]) -> Answer:
    """What `page` has at the cursor of the address. Where it is none of this list the page says so, and begins anew."""
    try:
        return page(request.GET.get("cursor", ""))
    except BadCursor:
        if not request.htmx:
            messages.error(request, "The address asks for a page that is none of this list. This is its beginning.")
        return page("")


def _label(form: Form, name: str) -> str:
    return str(form.fields[name].label or pretty_name(name)) if name in form.fields else "Address"


def _said(form: Form, name: str) -> Iterator[str]:
    for error in form.errors[name].as_data():
        given = (error.params or {}).get("value") or (form[name].value() if name in form.fields else "")
        words = " ".join(error.messages)
        if words.startswith(NOT_THERE):
            yield f"there is no “{_short(given)}”."
        else:
            yield f"“{_short(given)}”: {words}" if given else words


def _short(given: object) -> str:
    text = ", ".join(map(str, given)) if isinstance(given, list) else str(given)
    return text if len(text) <= LONG else f"{text[:LONG]}…"
