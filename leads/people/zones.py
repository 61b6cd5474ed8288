"""In which time zone a person sees times."""

from datetime import tzinfo
from typing import Any
from zoneinfo import available_timezones

from leads.models import Calendar
from leads.selling.worktime import zone_of


def zone_for(user: Any) -> tzinfo:
    """The zone they chose, else that of their first team's calendar, else the installation's."""
    if not user.is_authenticated:
        return zone_of("")
    return zone_of(user.time_zone or _of_team(user))


def _of_team(user: Any) -> str:
    named = Calendar.objects.visible_to(user).exclude(time_zone="").order_by("team__name")
    return (named.values_list("time_zone", flat=True).first() or "") if user.team_ids else ""


def choices() -> list[tuple[str, str]]:
    """Every zone that is a place, by continent and town."""
    places = (
        name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/", "right/"))
    )
    return [("", "The team's"), ("UTC", "UTC"), *((name, name.replace("_", " ")) for name in sorted(places))]
