"""The week by mail, on Monday morning in each person's zone: what both sides should know about each of their teams.

Who is due is a question to the rows: who wants it, has had a Monday morning, and has no Digest of that Monday. The row
and the mail are written in one transaction, so two schedulers, or one that was away until Thursday, send it once.
"""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from leads.charts.picture import Stacked
from leads.models import Team, User
from leads.outgoing.outbox import enqueue
from leads.people.zones import zone_for
from leads.retry import retried
from leads.statistics import Rate
from leads.templatetags.ui import percent
from reports.models import Digest
from reports.queries.week import WEEK, PastWeek, TeamWeek, team_week

MORNING = time(8)
BAR = 20  # signs
# The furthest any zone is ahead of UTC.
AHEAD = timedelta(hours=14)

# By team, Monday and zone: of two zones with one clock today, one may have had another some weeks ago.
Known = dict[tuple[int, date, tzinfo], TeamWeek]


def send_due() -> int:
    """Mail the past week to everybody for whom it is time. Returns how many mails were written."""
    known: Known = {}
    return sum(_send(user, monday, known) for user, monday in _due(timezone.now()))


def _due(now: datetime) -> Iterator[tuple[User, date]]:
    """Who has had a Monday morning and no digest of it, and was here before it."""
    had = Digest.objects.filter(user=OuterRef("pk"), monday__gte=_monday((now + AHEAD).astimezone(UTC).date()))
    people = User.objects.filter(is_active=True, weekly_digest=True, memberships__isnull=False).exclude(Exists(had))
    for user in people.distinct().order_by("pk"):
        local = now.astimezone(zone_for(user))
        monday = _monday(local.date())
        morning = datetime.combine(monday, MORNING, local.tzinfo)
        if local >= morning and user.created_at < morning:
            yield user, monday


@retried
@transaction.atomic
def _send(user: User, monday: date, known: Known) -> bool:
    _, new = Digest.objects.get_or_create(user=user, monday=monday)
    if not new:
        return False
    context = digest_of(user, monday, known)
    if not context["teams"]:
        return False
    payload = {"to": user.pk, "template": "digest", "context": context, "pictures": pictures_of(context)}
    enqueue("mail", payload, key=f"digest:{user.pk}:{monday}")
    return True


def digest_of(user: User, monday: date | None = None, known: Known | None = None) -> dict[str, Any]:
    """What the mail says of the seven days before a Monday (this week's) in the person's zone, ready to be shown.

    Teams in which nothing happened and nothing waits are left out. `known` keeps weeks for the next person.
    """
    zone, known = zone_for(user), {} if known is None else known
    monday = monday or _monday(timezone.localdate(timezone=zone))
    start = datetime.combine(monday - WEEK, time(), zone)
    weeks = []
    for team in Team.objects.visible_to(user):
        key = (team.pk, monday, zone)
        known[key] = known.get(key) or team_week(team, start)
        weeks.append(known[key])
    last = monday - timedelta(days=1)
    return {
        "name": str(user),
        "first": f"{start:%-d %B}",
        "last": f"{last:%-d %B %Y}",
        "teams": [_shown(week) for week in weeks if not week.quiet],
    }


def pictures_of(context: dict[str, Any]) -> list[dict[str, Any]]:
    """The charts in the mail, as leads/outgoing/mailing.py takes them."""
    return [team["picture"] for team in context["teams"]]


def _shown(week: TeamWeek) -> dict[str, Any]:
    """Everything as JSON; a rate is words, a share only where there are enough cases for one."""
    hours = f"{week.hours:.1f} working hours, half took less (n = {week.answers:,})" if week.hours is not None else "–"
    return {
        "name": week.team.name,
        "figures": [
            ["Handed off", f"{week.handed_off:,}"],
            ["Accepted", f"{_words(week.accepted)} answered yes or no; the week before {_words(week.before)}"],
            ["Time to answer", hours],
            ["Late now", f"{_words(week.late)} that wait"],
        ],
        "past": _bars(week.past),
        "picture": _picture(week),
        "reasons": [[label, f"{_words(rate)} rejections"] for label, rate in week.reasons],
        "hots": f"{_words(week.hots)} Hot leads answered",
        "rejected_hots": [asdict(one) for one in week.rejected_hots],
        "colds": f"{_words(week.colds)} deals won",
        "won_colds": [asdict(one) for one in week.won_colds],
    }


def _bars(past: list[PastWeek]) -> list[dict[str, Any]]:
    """The numbers of each week, and how long a bar of signs is for those accepted and for the others."""
    most = max((week.handed_off for week in past), default=0) or 1
    rows: list[dict[str, Any]] = []
    for week in past:
        whole, yes = round(BAR * week.handed_off / most), round(BAR * week.accepted / most)
        rows.append({
            "day": f"{week.start:%-d %b}", "handed_off": week.handed_off, "accepted": week.accepted,
            "rejected": week.rejected, "yes": yes, "other": whole - yes,
        })  # fmt: skip
    return rows


def _picture(week: TeamWeek) -> dict[str, Any]:
    """The same as a chart that JSON can keep."""
    past = week.past
    chart = Stacked(
        f"Handoffs of {week.team} in eight weeks, and what sales answered",
        [f"{one.start:%-d %b}" for one in past],
        [
            ["Accepted", [one.accepted for one in past], ""],
            ["Rejected", [one.rejected for one in past], "wrong"],
            ["Open or put off", [one.handed_off - one.accepted - one.rejected for one in past], "before"],
        ],
    )
    return {"id": f"handoffs-{week.team.slug}", "words": chart.words, "legend": chart.legend} | asdict(chart)


def _words(rate: Rate) -> str:
    """18 of 25; from 30 cases on with share and 95 % interval."""
    words = f"{rate.k:,} of {rate.n:,}"
    if rate.share is None or rate.interval is None:
        return words
    return f"{words} ({percent(rate.share)}, {percent(rate.interval.low)} to {percent(rate.interval.high)})"


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
