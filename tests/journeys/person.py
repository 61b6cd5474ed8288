"""Somebody with a browser without JavaScript: opens pages, reads them, fills in the forms that are there."""

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

from django.test import Client

HTMX = {"HX-Request": "true"}


@dataclass
class Form:
    """A form as the page shows it: where it goes, and what it would send unchanged."""

    id: str
    action: str
    method: str = "get"
    values: dict[str, list[str]] = field(default_factory=dict)


class Forms(HTMLParser):
    """Every form of a page in order, with controls that belong to it by place or by their form attribute."""

    def __init__(self, html: str):
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._control: tuple[Form, str] | None = None
        self._chosen = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(at.get("id", ""), at.get("action", ""), at.get("method", "get").lower())
            self.forms.append(self._open)
        elif tag == "option" and self._control:
            self._option(at)
        elif tag in ("input", "select", "textarea") and "name" in at and "disabled" not in at:
            owner = next((form for form in self.forms if form.id == at["form"]), None) if "form" in at else self._open
            if owner:
                self._meet(tag, at, owner)

    def _meet(self, tag: str, at: dict[str, str], form: Form) -> None:
        kind = at.get("type", "text")
        if tag != "input":
            self._control, self._chosen = (form, at["name"]), False
        elif kind in ("checkbox", "radio"):
            if "checked" in at:
                form.values.setdefault(at["name"], []).append(at.get("value", "on"))
        elif kind not in ("submit", "button", "file", "image", "reset"):
            form.values.setdefault(at["name"], []).append(at.get("value", ""))

    def _option(self, at: dict[str, str]) -> None:
        """The first one counts until a chosen one comes."""
        assert self._control
        form, name = self._control
        if "selected" in at and not self._chosen:
            form.values[name], self._chosen = [at.get("value", "")], True
        elif "selected" in at:
            form.values[name].append(at.get("value", ""))
        else:
            form.values.setdefault(name, [at.get("value", "")])

    def handle_data(self, data: str) -> None:
        if self._control and self.get_starttag_text().startswith("<textarea"):
            form, name = self._control
            form.values[name] = [data.removeprefix("\n")]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._control:
            self._control[0].values.setdefault(self._control[1], [""])
        if tag in ("select", "textarea"):
            self._control = None
        elif tag == "form":
            self._open = None


class Person:
    """Where they are is `path`, what they see is `page`. Every answer must be a good one."""

    def __init__(self) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.path, self.page = "", ""

    def open(self, path: str, **query: Any) -> str:
        return self._arrive(self.client.get(path, query, follow=True), path)

    def part(self, path: str) -> str:
        """What htmx would put into the page: no page by itself. The same address alone is one."""
        part = self.client.get(path, headers=HTMX)
        assert part.status_code == 200 and "<html" not in part.text, path
        assert "<main" in self.open(path)
        return part.text

    def fill(self, form: str | int, to: str = "", **values: Any) -> str:
        """Send the form with that id, action or place in the page, changed in these values; `to` as a button says."""
        found = self._form(form)
        action = urljoin(self.path, to or found.action)
        sent = found.values | values
        if found.method == "get":
            return self.open(action, **sent)
        return self._arrive(self.client.post(action, sent, follow=True), action)

    def _form(self, wanted: str | int) -> Form:
        if isinstance(wanted, int):
            return Forms(self.page[self.page.index("<main") :]).forms[wanted]
        forms = Forms(self.page).forms
        fitting = [form for form in forms if wanted in (form.id, form.action)]
        assert fitting, f"no form {wanted!r} on {self.path}: {[form.id or form.action for form in forms]}"
        return fitting[0]

    def _arrive(self, response: Any, path: str) -> str:
        last = response.redirect_chain[-1][0] if response.redirect_chain else path
        assert response.status_code == 200, f"{path} answered {response.status_code}: {words(response.text)[:2000]}"
        self.path, self.page = urljoin(path, last), response.text
        return self.page

    @property
    def reads(self) -> str:
        """The words of the page, without marks."""
        return words(self.page)

    def sees(self, *texts: str) -> None:
        """Every text is on the page."""
        for text in texts:
            assert text in self.reads, f"{self.path} does not read {text!r}: {self.reads}"

    def finds(self, pattern: str) -> re.Match[str]:
        """The words are there in this order."""
        found = re.search(pattern, self.reads)
        assert found, f"{self.path} does not read {pattern!r}: {self.reads}"
        return found

    def links(self, pattern: str) -> list[str]:
        return [unescape(link) for link in re.findall(rf'href="({pattern})"', self.page)]

    def sign_in(self, email: str, password: str) -> None:
        self.open("/login/")
        self.fill(0, username=email, password=password)
        assert "Sign out" in self.page


def words(html: str) -> str:
    """What is there to read, with single blanks."""
    html = re.sub(r"<(script|style|template)\b.*?</\1>", " ", html, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
