"""Which teams' forecast is shown, and what if."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.http import urlencode

from leads.access import teams_with
from leads.enums import Label
from leads.models import Team, User
from reports.models.forecast import TeamForecast
from reports.scope import READ

CHANGE = "reports.change_assumption"


@dataclass(frozen=True)
class WhatIf:
    """So many hundredths more (or fewer) new leads of a label, so many more (or fewer) reps."""

    label: str = Label.HOT
    more: int = 0
    reps: int = 0

    def __bool__(self) -> bool:
        return bool(self.more or self.reps)

    @property
    def words(self) -> str:
        """20% more new leads that are Hot, and 1 rep fewer."""
        leads = f"{abs(self.more):,}% {_more(self.more)} new leads that are {Label(self.label).label}"
        reps = f"{abs(self.reps)} rep{'' if abs(self.reps) == 1 else 's'} {_more(self.reps)}"
        return ", and ".join(words for words, given in ((leads, self.more), (reps, self.reps)) if given)


def _more(number: int) -> str:
    return "more" if number > 0 else "fewer"


@dataclass(frozen=True)
class ForecastScope:
    """`team` None: all teams whose reports the reader may see."""

    user: User
    team: Team | None = None
    what_if: WhatIf = WhatIf()

    @cached_property
    def teams(self) -> list[Team]:
        teams = Team.objects.filter(pk__in=teams_with(self.user, READ))
        return list(teams.filter(pk=self.team.pk) if self.team else teams.order_by("name"))

    @cached_property
    def latest(self) -> list[TeamForecast]:
        """The latest forecast of each team. One query."""
        return list(
            TeamForecast.objects.visible_to(self.user).latest_ones().filter(team__in=self.teams).order_by("team__name")
        )

    @property
    def query(self) -> str:
        """The same scope in an address."""
        given: dict[str, Any] = {"team": self.team.slug} if self.team else {}
        if self.what_if:
            given |= {"label": self.what_if.label, "more": self.what_if.more, "reps": self.what_if.reps}
        return urlencode(given)
