"""The look of the admin (django-unfold): the product's colours and mark, and a menu in the words of the product."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

# section, what it is for, names of its models
_SECTIONS = (
    ("Scoring", "What a lead is worth", "ScoringModel Criterion Version"),
    ("Lists", "What may be known, done and answered", "Field EventKind RejectionReason"),
    ("Sources", "Where facts come from, and the keys they come with", "Source WriteKey"),
    (
        "Sales",
        "When teams work, what they promise, who gets what",
        "Calendar Capacity RoutingRule",
    ),
    ("People", "Who works here, in which team and role", "Team User ApiToken"),
    ("Facts", "To look at; the work is done on the pages", "Lead Company Deal"),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The menu: the way back, then what this person may see, by section. Models of no section come last."""
    models = {model["object_name"]: model for app in admin.site.get_app_list(request) for model in app["models"]}
    sections = [
        {"title": title, "about": about, "items": [_item(models.pop(name)) for name in names.split() if name in models]}
        for title, about, names in _SECTIONS
    ]
    rest = {"title": "More", "about": "", "items": [_item(model) for model in models.values()]}
    back = {"title": "", "items": [{"title": "Back to leadscore", "icon": "arrow_back", "link": "/", "active": False}]}
    return [back, *(section for section in (*sections, rest) if section["items"])]


def _item(model: dict[str, Any]) -> dict[str, Any]:
    return {"title": str(model["name"]), "link": model["admin_url"], "add": model["add_url"]}


def theme(request: HttpRequest) -> str | None:
    """Light or dark as chosen on the pages; None leaves it to the system and the admin's own switch."""
    chosen = request.COOKIES.get("theme", "")
    return chosen if chosen in ("light", "dark") else None


def _ramp(hue: int, steps: str) -> dict[str, str]:
    """Eleven shades, given as lightness and chroma, as static/css/tokens.css has them."""
    names = ("50", "100", "200", "300", "400", "500", "600", "700", "800", "900", "950")
    shades = (step.split("/") for step in steps.split())
    return {
        name: f"oklch({lightness}% {chroma} {hue})" for name, (lightness, chroma) in zip(names, shades, strict=True)
    }


_GREYS_LIGHT = "98.4/0.003 96.6/0.005 92/0.008 84/0.013 66/0.02 54/0.02"
_GREYS_DARK = "44/0.025 37/0.022 26/0.016 20.5/0.014 15/0.012"
_ACCENT_LIGHT = "96.4/0.02 93/0.04 87/0.07 80/0.11 71/0.14 60/0.19"
_ACCENT_DARK = "51/0.2 46/0.18 40/0.15 34/0.12 28/0.06"

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "leadscore",
    "SITE_HEADER": "leadscore",
    "SITE_SUBHEADER": "Administration",
    "SITE_URL": None,  # the way back is the first entry of the menu
    "SITE_ICON": lambda request: static("icon.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("icon.svg")}],
    "THEME": theme,
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "base": _ramp(265, f"{_GREYS_LIGHT} {_GREYS_DARK}"),
        "primary": _ramp(266, f"{_ACCENT_LIGHT} {_ACCENT_DARK}"),
    },
    "SIDEBAR": {"show_search": False, "navigation": navigation},
    "ACCOUNT": {"navigation": [{"title": "Change password", "link": reverse_lazy("password_change")}]},
}
