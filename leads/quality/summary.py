"""How good the data of each team is: counted in the background, kept day by day, for overview.py to show."""

from collections import Counter
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from leads.days import today
from leads.expected import EXPECTED
from leads.models import Problem, QualityDay, Quarantine, Team

FRESH = timedelta(minutes=5)
MOST_SOURCES = 20


def count_due() -> int:
    """Count the teams whose figures are older than five minutes. Returns how many."""
    fresh = QualityDay.objects.filter(counted_at__gt=timezone.now() - FRESH, source="").values("team")
    teams = list(Team.objects.exclude(pk__in=fresh))
    for team in teams:
        count_team(team)
    return len(teams)


@transaction.atomic
def count_team(team: Team) -> None:
    """Write today's figures of the team. Two sweeps over its leads."""
    day, now = today(), timezone.now()
    known = _known(team)
    wrong = _problems(team)
    held = Quarantine.objects.held().filter(event__lead__team=team).count()
    rows = [QualityDay(team=team, day=day, source=source, leads=leads, known=fields, problems=wrong.get(source, {}),
                       counted_at=now) for source, leads, fields in known[:MOST_SOURCES] if source]  # fmt: skip
    every: Counter[str] = Counter()
    for _, _, fields in known:
        every.update(fields)
    total: Counter[str] = Counter(dict(Problem.objects.open().filter(team=team).order_by().values_list("kind")
                                       .annotate(n=Count("pk"))))  # fmt: skip
    rows.append(QualityDay(team=team, day=day, leads=sum(leads for _, leads, _ in known), known=every | _custom(team),
                           problems=total, quarantined=held, counted_at=now))  # fmt: skip
    QualityDay.objects.filter(team=team).exclude(source="").delete()
    QualityDay.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["team", "day", "source"],
        update_fields=["leads", "known", "problems", "quarantined", "counted_at"],
    )  # fmt: skip


def _known(team: Team) -> list[tuple[str, int, dict[str, int]]]:
    """(source, leads, {field: known}) of each source, most leads first."""
    columns = [_column(path) for path in EXPECTED]
    counts = ", ".join(f"count(NULLIF({column}::text, ''))" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT l.source, count(*), {counts} FROM leads_lead l LEFT JOIN leads_company c ON c.id = l.company_id"
            " WHERE l.team_id = %s GROUP BY l.source ORDER BY count(*) DESC, l.source",
            [team.pk],
        )
        return [(row[0], row[1], dict(zip(EXPECTED, row[2:], strict=True))) for row in cursor.fetchall()]


def _column(path: str) -> str:
    return f"c.{path.removeprefix('company__')}" if path.startswith("company__") else f"l.{path}"


def _custom(team: Team) -> Counter[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 'fields.' || key, count(*) FROM leads_lead, jsonb_object_keys(fields) AS key WHERE team_id = %s"
            " GROUP BY key",
            [team.pk],
        )
        return Counter(dict(cursor.fetchall()))


def _problems(team: Team) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    rows = Problem.objects.open().filter(team=team, lead__isnull=False).order_by().values_list("lead__source", "kind")
    for source, kind, number in rows.annotate(n=Count("pk")):
        found.setdefault(source, Counter())[kind] = number
    return found
