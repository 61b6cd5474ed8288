"""The figures of the data quality page: what was counted day by day (summary.py), added up for whoever looks."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from leads.access import teams_with
from leads.days import today
from leads.expected import EXPECTED
from leads.models import Cleanup, Field, Lead, ProblemKind, QualityDay, Team
from leads.models.company import Company
from leads.quality.summary import count_team

WEEKS = 12
FEWEST = 30  # leads of a source, before it is compared with others
CUSTOM = "fields."


@dataclass(frozen=True)
class FieldRow:
    name: str
    known: int
    of: int

    @property
    def percent(self) -> int:
        return round(100 * self.known / self.of) if self.of else 0


@dataclass(frozen=True)
class SourceRow:
    name: str
    leads: int
    percent: int
    problems: int


@dataclass(frozen=True)
class Overview:
    """`weeks`: (Monday, percent complete, open problems) of the weeks there are figures of, oldest first."""

    leads: int
    percent: int
    problems: int
    quarantined: int
    fields: list[FieldRow]
    kinds: list[tuple[str, str, int]]
    sources: list[SourceRow]
    weeks: list[tuple[Any, int, int]]
    counted_at: Any
    cleanups: list[Cleanup] = field(default_factory=list)


def overview(user: Any) -> Overview:
    """The figures of the teams a person may see. A handful of queries over a few rows."""
    teams = list(Team.objects.filter(pk__in=teams_with(user, "leads.view_problem")))
    for team in Team.objects.filter(pk__in=[team.pk for team in teams]).exclude(
        pk__in=QualityDay.objects.filter(source="").values("team")
    ):
        count_team(team)
    since = today() - timedelta(weeks=WEEKS)
    days = list(QualityDay.objects.filter(team__in=teams, day__gte=since, source="").order_by("day"))
    now = _add({day.team_id: day for day in days}.values())
    rows = QualityDay.objects.filter(team__in=teams).exclude(source="").order_by("-leads")
    kinds = dict(ProblemKind.choices)
    cleanups = Cleanup.objects.visible_to(user).filter(team__in=teams).select_related("by", "team")
    return Overview(
        now.leads, _percent(now), sum(now.problems.values()), now.quarantined, _fields(now),
        [(kind, str(kinds[kind]), number) for kind, number in Counter(now.problems).most_common() if number],
        _sources(rows), _weeks(days), max((day.counted_at for day in days), default=None), list(cleanups[:5]),
    )  # fmt: skip


def _add(days: Any) -> QualityDay:
    days = list(days)
    return QualityDay(
        leads=sum(day.leads for day in days), known=sum((Counter(day.known) for day in days), Counter()),
        problems=sum((Counter(day.problems) for day in days), Counter()),
        quarantined=sum(day.quarantined for day in days),
    )  # fmt: skip


def _percent(day: QualityDay) -> int:
    """The mean completeness of the leads, as the field `completeness` has it of each."""
    known = sum(day.known.get(path, 0) for path in EXPECTED)
    return round(100 * known / (day.leads * len(EXPECTED))) if day.leads else 0


def _fields(day: QualityDay) -> list[FieldRow]:
    custom = {f"{CUSTOM}{f.key}": f.label for f in Field.objects.filter(of=Field.LEAD)}
    names = {path: _name(path) for path in EXPECTED} | custom
    rows = [FieldRow(name, day.known.get(path, 0), day.leads) for path, name in names.items()]
    return sorted(rows, key=lambda row: row.percent)


def _name(path: str) -> str:
    if path == "company_id":
        return "Company"
    model: Any = Company if path.startswith("company__") else Lead
    name = str(model._meta.get_field(path.removeprefix("company__")).verbose_name)
    return f"Company: {name}" if model is Company else name[:1].upper() + name[1:]


def _sources(rows: Any) -> list[SourceRow]:
    """Those that are compared: fewest complete first."""
    by_name: dict[str, list[QualityDay]] = {}
    for row in rows:
        by_name.setdefault(row.source, []).append(row)
    added = {name: _add(days) for name, days in by_name.items()}
    found = [SourceRow(name, day.leads, _percent(day), sum(day.problems.values())) for name, day in added.items()]
    return sorted((row for row in found if row.leads >= FEWEST), key=lambda row: (row.percent, -row.leads))[:10]


def _weeks(days: list[QualityDay]) -> list[tuple[Any, int, int]]:
    """The last figures of each week."""
    last: dict[Any, dict[int, QualityDay]] = {}
    for day in days:
        last.setdefault(day.day - timedelta(days=day.day.weekday()), {})[day.team_id] = day
    sums = [(monday, _add(teams.values())) for monday, teams in sorted(last.items())]
    return [(monday, _percent(day), sum(day.problems.values())) for monday, day in sums]
