"""What every page shows beside its content: the way around, by role, and who is signed in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Func, IntegerField, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from leads.models import Handoff, Notice, User
from leads.outgoing.notices import SHOWN

THEMES = (("", "System colours"), ("light", "Light"), ("dark", "Dark"))


@dataclass(frozen=True)
class Item:
    name: str
    label: str
    url: str
    icon: str
    current: bool
    count: int = 0


@dataclass(frozen=True)
class Section:
    title: str
    items: list[Item]


# section, label, URL name, icon, the permissions one of which it needs
_PLACES = (
    ("", "Today", "home", "today", ""),
    ("", "Leads", "leads", "leads", "leads.view_lead"),
    ("", "Companies", "companies", "company", "leads.view_company"),
    ("", "Handoffs", "handoffs", "handoff", "leads.view_handoff"),
    ("", "Nurture", "nurture", "nurture", "leads.view_nurturelist"),
    ("", "Segments", "segments", "segment", "leads.view_segment"),
    ("", "Rules", "rules", "rule", "leads.view_rule"),
    ("Insight", "Reports", "reports", "reports", "reports.view_report"),
    ("Insight", "Forecast", "forecast", "forecast", "reports.view_report"),
    ("Scoring", "Scoring models", "scoring:index", "model", "scoring.view_scoringmodel"),
    ("Scoring", "Feedback", "feedback", "feedback", "reports.view_report"),
    ("Scoring", "Suggestions", "scoring:suggestions", "suggestion", "scoring.view_suggestion"),
    ("Scoring", "Learning", "scoring:learning", "learning", "scoring.view_learning"),
    ("Scoring", "Experiments", "scoring:experiments", "experiment", "scoring.view_experiment"),
    ("Data", "Import", "imports", "import", "leads.add_import"),
    ("Data", "Sources", "sources", "source", "leads.change_source"),
    ("Data", "Connections", "connections", "connection", "leads.view_connection"),
    ("Data", "Data quality", "data-quality", "quality", "leads.view_problem"),
    ("Data", "Duplicates", "duplicates", "duplicate", "leads.change_duplicatepair"),
    ("Set up", "People", "people", "people", "leads.view_membership"),
    ("Set up", "Absences", "absences", "absence", "leads.add_absence"),
    ("Set up", "Webhooks", "webhooks", "webhook", "leads.view_endpoint"),
    ("Set up", "Outbox", "outbox", "outbox", "leads.view_effect"),
    ("Set up", "Administration", "admin:index", "settings", "leads.change_field leads.change_calendar"),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Sections of the places this person may open, and what waits for them: one query, made where it is shown, so that
    a part of a page does not ask.
    """
    theme = request.COOKIES.get("theme", "")
    context: dict[str, Any] = {"theme": theme if theme in dict(THEMES) else "", "themes": THEMES}
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return context
    waiting: Any = SimpleLazyObject(lambda: _waiting(user))
    return context | {
        "navigation": SimpleLazyObject(lambda: _sections(request.path, user, waiting[0])),
        "role_line": SimpleLazyObject(lambda: _role_line(user)),
        "unread": SimpleLazyObject(lambda: waiting[1]),
    }


def _sections(path: str, user: Any, waiting: int) -> list[Section]:
    places = list(_places(user))
    here = _here(path, [url for *_, url in places])
    sections: dict[str, Section] = {}
    for title, label, name, icon, url in places:
        count = waiting if name == "handoffs" else 0
        sections.setdefault(title, Section(title, [])).items.append(Item(name, label, url, icon, url == here, count))
    return list(sections.values())


def _places(user: Any) -> Iterator[tuple[str, str, str, str, str]]:
    """Section, label, name, icon and address of what this person may open."""
    for title, label, name, icon, permission in _PLACES:
        if permission and not any(map(user.has_perm, permission.split())):
            continue
        try:
            yield title, label, name, icon, reverse(name)
        except NoReverseMatch:
            continue


def _here(path: str, urls: list[str]) -> str:
    """The place the page belongs to: the longest address it begins with. Only the home page belongs to home."""
    home = reverse("home")
    return max((url for url in urls if path == url or (url != home and path.startswith(url))), key=len, default="")


def _waiting(user: Any) -> tuple[int, int]:
    """How many handoffs wait for this person, and how many notices (100 stands for more). One query, two indexes."""
    handoffs = Handoff.objects.awake().filter(assignee=user).order_by().values("assignee").annotate(n=Count("pk"))
    notices = Notice.objects.visible_to(user).unread().order_by().values("pk")[: SHOWN + 1]
    counted = User.objects.filter(pk=user.pk).values_list(
        Coalesce(Subquery(handoffs.values("n")), 0),
        Func(ArraySubquery(notices), function="cardinality", output_field=IntegerField()),
    )
    return counted[0]


def _role_line(user: Any) -> str:
    return ", ".join(sorted(role.capitalize() for role in user.roles)) or ("Administrator" if user.is_superuser else "")
