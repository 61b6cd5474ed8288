"""How sales is set up at Tessera: hours and promises of each team, territories, who is away, where messages go."""

from datetime import datetime, timedelta
from decimal import Decimal

from leads.enums import Label, Role
from leads.models import (
    Absence,
    Attempt,
    Calendar,
    Effect,
    Endpoint,
    Invitation,
    Lane,
    Membership,
    Promise,
    RoutingRule,
    Team,
    User,
)
from leads.models.team import digest
from leads.selling.calendars import public_holidays
from scoring.demo.calendar import DAYS, Year
from scoring.demo.people import manager, marketer

# team: time zone, country of the public holidays, what follows after so many more working hours
CALENDARS = {
    "emea": ("Europe/Berlin", "DE", Calendar.NOTHING, 0),
    "americas": ("America/New_York", "US", Calendar.PASS_ON, 27),
    "apac": ("Asia/Singapore", "SG", Calendar.EXPIRE, 45),
}
# label, promised, reminder before, managers told after, fast track
PROMISES = [(Label.HOT, 4, 1, 0, True), (Label.WARM, 9, 2, 4, False), ("", 18, None, 9, False)]
# share and new leads a week: EMEA has too few reps, Americas just enough, APAC room
WEIGHTS = {
    "aino.salo@demo.example": (1, 1), "rep@demo.example": (2, 2), "rafael.ortiz@demo.example": (2, 2),
    "grace.holloway@demo.example": (1, 2), "mateo.vargas@demo.example": (1, 2), "yuki.tan@demo.example": (1, 3),
    "arjun.mehta@demo.example": (1, 3),
}  # fmt: skip
# who, first and last day counted from today, why
AWAY = [
    ("rafael.ortiz@demo.example", 3, 14, "Holiday"),
    ("yuki.tan@demo.example", -1, 2, "Trade fair in Osaka"),
    ("aino.salo@demo.example", -30, -24, "Parental leave"),
]
# days ago, type, lead.entered or lead.left, what came of each attempt: status and answer
SENT: list[tuple[float, str, list[tuple[int | None, str]]]] = [
    (9.4, "nurture.entered", [(204, "")]),
    (6.2, "lead.entered", [(503, "503: maintenance"), (204, "")]),
    (5.1, "lead.entered", [(204, "")]),
    (4.9, "lead.left", [(410, "410: gone")]),
]


def open_up(teams: dict[str, Team], year: Year) -> None:
    """Hours, promises, shares, days off and territories. The story's own promises were given before, and stay."""
    for slug, (zone, country, then, after) in CALENDARS.items():
        calendar = Calendar.objects.create(
            team=teams[slug], time_zone=zone, country=country, holidays=public_holidays(country)
        )
        Promise.objects.bulk_create(
            Promise(calendar=calendar, label=label, hours=Decimal(hours), remind_before=remind, fast_track=fast,
                    escalate_after=escalate, then=then, then_after=Decimal(after))
            for label, hours, remind, escalate, fast in PROMISES
        )  # fmt: skip
    for email, (weight, capacity) in WEIGHTS.items():
        Membership.objects.filter(user__email=email).update(weight=weight, weekly_capacity=capacity)
    half_days = [["09:00", "13:00"]] * 5 + [None, None]
    Membership.objects.filter(user__email="aino.salo@demo.example").update(week=half_days)
    _absences(year)
    _territories(teams)
    _invitation(teams["emea"])
    _marketing_tool(teams["emea"], year)


def _absences(year: Year) -> None:
    by = manager()
    for email, first, last, note in AWAY:
        user = User.objects.get(email=email)
        days = {"first": year.today + timedelta(days=first), "last": year.today + timedelta(days=last)}
        Absence.objects.create(user=user, by=by, note=note, **days)


def _territories(teams: dict[str, Team]) -> None:
    rules = [
        ("Germany, Austria, Switzerland to EMEA", "americas", "emea", ["DE", "AT", "CH"]),
        ("Japan and Singapore to APAC", "emea", "apac", ["JP", "SG"]),
    ]
    for place, (name, of, to, countries) in enumerate(rules):
        condition = {"field": "country", "op": "any_of", "value": countries}
        RoutingRule.objects.create(name=name, position=place, of=teams[of], team=teams[to], condition=condition)


def _invitation(team: Team) -> None:
    """One that waits. No mail was sent, so its link does not exist: send it again to get one."""
    admin = User.objects.get(email="admin@demo.example")
    row = Invitation(team=team, email="lena.fischer@demo.example", role=Role.REP, invited_by=admin, nonce="demo")
    row.digest, row.expires_at = digest("demo"), row.sent_at + timedelta(days=7)
    row.save()


def _marketing_tool(team: Team, year: Year) -> None:
    """A webhook with its log. It is closed, so that nothing of a demo leaves the machine."""
    answered = year.moment(DAYS - 4.9)
    endpoint = Endpoint.objects.create(
        team=team, name="Marketing tool", url="https://hooks.example.com/leadscore", created_by=marketer(),
        created_at=year.moment(DAYS - 40), disabled_at=answered, disabled_for="It answered 410: it wants no more.",
    )  # fmt: skip
    Lane.objects.get_or_create(name=endpoint.lane)
    for number, (ago, kind, answers) in enumerate(SENT):
        at = year.moment(DAYS - ago)
        arrived = answers[-1][0] == 204
        effect = Effect.objects.create(
            kind="webhook", key=f"demo:{number}:{endpoint.pk}", team=team, lane=endpoint.lane, created_at=at, due_at=at,
            state=Effect.DONE if arrived else Effect.DEAD, attempts=len(answers), ended_at=at,
            error="" if arrived else answers[-1][1],
            payload={"endpoint": endpoint.pk, "type": kind, "timestamp": at.isoformat(), "data": {"demo": True}},
        )  # fmt: skip
        Attempt.objects.bulk_create(_attempts(effect, at, answers))


def _attempts(effect: Effect, at: datetime, answers: list[tuple[int | None, str]]) -> list[Attempt]:
    return [
        Attempt(effect=effect, number=n, at=at + timedelta(seconds=300 * (n - 1)), milliseconds=80 + 37 * n,
                ok=status == 204, status=status, text=text)
        for n, (status, text) in enumerate(answers, 1)
    ]  # fmt: skip
