"""What every page shows beside its content: the way around, by role, and who is signed in."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from leads.models import Handoff

THEMES = (("", "System colours"), ("light", "Light"), ("dark", "Dark"))


@dataclass(frozen=True)
class Item:
    label: str
    url: str
    icon: str
    current: bool
    count: int = 0


@dataclass(frozen=True)
class Section:
    title: str
    items: list[Item]


# section, label, URL name, icon, the permission it needs
_PLACES = (
    ("", "Today", "home", "today", ""),
    ("", "Leads", "leads", "leads", "leads.view_lead"),
    ("", "Segments", "segments", "search", "leads.view_segment"),
    ("", "Companies", "companies", "company", "leads.view_company"),
    ("", "Handoffs", "handoffs", "handoff", "leads.view_handoff"),
    ("Insight", "Reports", "reports", "reports", "reports.view_report"),
    ("Scoring", "Scoring models", "scoring:index", "model", "scoring.view_scoringmodel"),
    ("Data", "Import", "imports", "import", "leads.add_import"),
    ("Data", "Sources", "sources", "reports", "leads.change_source"),
    ("Data", "Administration", "admin:index", "settings", "leads.change_field"),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Sections of the places this person may open. One query: how many handoffs wait for them."""
    theme = request.COOKIES.get("theme", "")
    context: dict[str, Any] = {"theme": theme if theme in dict(THEMES) else "", "themes": THEMES}
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return context
    sections: dict[str, Section] = {}
    for title, label, name, icon, permission in _PLACES:
        if permission and not user.has_perm(permission):
            continue
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        here = request.path == url if name == "home" else request.path.startswith(url)
        count = Handoff.objects.open().filter(assignee=user).count() if name == "handoffs" else 0
        sections.setdefault(title, Section(title, [])).items.append(Item(label, url, icon, here, count))
    return context | {"navigation": list(sections.values()), "role_line": _role_line(user)}


def _role_line(user: Any) -> str:
    return ", ".join(sorted(role.capitalize() for role in user.roles)) or ("Administrator" if user.is_superuser else "")
