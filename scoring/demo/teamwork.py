"""What marketing and sales made of it lately: segments, rules and who crossed them, nurture lists, talk.

Crossings, alerts and members of lists are written for moments of the story, as the rules would have done it then. Who
is inside now, and what waits for review, is found by the engine.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max
from django.urls import reverse

from leads.enums import Cause, CrossingState, HandoffState, Label, Stage
from leads.models import (
    Comment,
    Crossing,
    Event,
    Handoff,
    Inside,
    Lead,
    Notice,
    NurtureList,
    NurtureMember,
    Rule,
    Segment,
    Step,
    Team,
    User,
)
from leads.rules import editing, passes
from leads.rules.actions.telling import NOTICE
from leads.rules.actions.wording import words
from leads.selling import nurture
from leads.selling.promises import Promises
from leads.talk import About, about_handoff, about_lead, about_topic, say
from scoring.demo import model
from scoring.demo.calendar import DAYS, Year
from scoring.demo.people import REP, marketer
from scoring.models import Criterion

LATELY, UNREAD = 21.0, 3.0  # days: what the rules did, and what nobody has read yet
REVIEWED = 60  # days of quiet of the rule whose present members wait for review

HOT = {"field": "label", "op": "any_of", "value": [Label.HOT.value]}
PRICES = {"event": "page_viewed", "at_least": 2, "days": 7,
          "where": [{"property": "url", "op": "contains", "value": "/pricing"}]}  # fmt: skip
SEGMENTS: dict[str, dict[str, Any]] = {
    "Hot with a phone number": {"all": [HOT, {"field": "phone", "op": "known"}]},
    "60 points or more": {"field": "total", "op": "at_least", "value": 60},
    "Looks at prices this week": PRICES,
    "Silent for 60 days": {"event": "any", "last_before": 60},
    "Students and trainees": model.STUDENT,
}
TALKED_ABOUT = "Downloaded a guide"
ASKED = """My last three trainees had read every guide, and nothing else spoke for them.
@Dana Ilic, is a guide worth that much?"""
ANSWERED = """@Kim Moss Fair: more of the rejected leads had it than of the accepted ones.
I try 2 points in the draft, and look at the backtest first."""
MET = "@Kim Moss Asked at the booth who else runs two lines. The reference from Graz fits."
CALLS, WATCHES = "Hot with a phone number: call", "Looks at prices: tell the owner"


def work(teams: dict[str, Team], year: Year) -> None:
    """Everything, in the order in which one thing needs the other."""
    segments = _segments(teams["emea"])
    _clocks()
    lists = _nurture_lists(teams, segments, year)
    _rules(teams["emea"], segments, lists["emea"], year)
    while passes.run_due(60):
        pass
    _talk(year)


def _segments(emea: Team) -> dict[str, Segment]:
    by = marketer()
    found = {
        name: Segment.objects.create(name=name, condition=asked, created_by=by) for name, asked in SEGMENTS.items()
    }
    german = {"all": [{"field": "company.industry", "op": "any_of", "value": model.PRODUCES},
                      {"field": "country", "op": "is", "value": "DE"}]}  # fmt: skip
    name = "Manufacturers in Germany"
    return found | {name: Segment.objects.create(name=name, team=emea, condition=german, created_by=by)}


def _clocks() -> None:
    """What is to follow on handoffs that wait. The worker does it, late or not."""
    waiting = list(Handoff.objects.open().order_by("pk"))
    promises = Promises({handoff.team_id for handoff in waiting})
    Step.objects.bulk_create(promises.steps(waiting))
    Handoff.objects.open().filter(label=Label.HOT).update(fast_track=True)


def _nurture_lists(teams: dict[str, Team], segments: dict[str, Segment], year: Year) -> dict[str, NurtureList]:
    """What sales sent back in two months stands on a list of its team; students of EMEA are found by their segment."""
    lists = {
        slug: NurtureList.objects.create(team=team, name="Back from sales", takes_rejected=True)
        for slug, team in teams.items()
    }
    of_team = {each.team_id: each for each in lists.values()}
    since = year.moment(DAYS - 60)
    back = Handoff.objects.filter(state__in=(HandoffState.REJECTED, HandoffState.RECYCLED), decided_at__gte=since)
    back = back.filter(lead__stage__in=(Stage.REJECTED, Stage.RESTING)).order_by("lead", "-decided_at").distinct("lead")
    NurtureMember.objects.bulk_create(
        NurtureMember(list=of_team[one.team_id], lead=one.lead, since=one.decided_at or since, reason=_why(one),
                      until=one.lead.resting_until or year.today)
        for one in back.select_related("lead").prefetch_related("feedback__reason")
    )  # fmt: skip
    segment = segments["Students and trainees"]
    NurtureList.objects.create(team=teams["emea"], name="Students, by newsletter", segment=segment, quiet_days=180)
    nurture.fill()
    return lists


def _why(handoff: Handoff) -> str:
    said = handoff.feedback.all()[0]
    return str(said.reason or "Recycled")


def _rules(emea: Team, segments: dict[str, Segment], back: NurtureList, year: Year) -> None:
    calls = _rule(CALLS, segments["Hot with a phone number"], {"hand_off": True, "tell": _owner(mail=True)},
                  stays=segments["60 points or more"], quiet_days=REVIEWED)  # fmt: skip
    _crossed(calls, _handed_off(year), year)
    editing.save(_on(calls), also_inside=True)
    watches = _rule(WATCHES, segments["Looks at prices this week"], {"tell": _owner(), "tag": "prices"}, quiet_days=14)
    _crossed(watches, _looked(year), year)
    editing.save(_on(watches))
    kim, german = User.objects.get(email=REP), segments["Manufacturers in Germany"]
    own = _rule("A manufacturer in Germany", german, {"tell": {"mail": False}}, person=kim)
    _crossed(own, _arrived(german, year), year, to=kim)
    editing.save(_on(own))
    silent = segments["Silent for 60 days"]
    _rule("Silent: to nurture", silent, {"nurture": back.pk}, team=emea)  # written, and not yet switched on


def _owner(*, mail: bool = False) -> dict[str, Any]:
    return {"owner": True, "people": [], "mail": mail}


def _rule(name: str, segment: Segment, actions: dict[str, Any], **more: Any) -> Rule:
    return Rule.objects.create(name=name, segment=segment, actions=actions, created_by=marketer(), **more)


def _on(rule: Rule) -> Rule:
    rule.active = True
    return rule


def _handed_off(year: Year) -> Iterable[tuple[Lead, datetime]]:
    rows = Handoff.objects.filter(opened_at__gte=year.moment(DAYS - LATELY), opened_by=None, label=Label.HOT)
    rows = rows.exclude(lead__phone="").order_by("lead", "-opened_at").distinct("lead")
    return [(row.lead, row.opened_at) for row in rows.select_related("lead__company", "lead__standing", "lead__owner")]


def _looked(year: Year) -> Iterable[tuple[Lead, datetime]]:
    seen = Event.objects.filter(kind__slug="page_viewed", properties__url__icontains="/pricing", quarantined=False)
    seen = seen.filter(occurred_at__gte=year.moment(DAYS - LATELY)).order_by()
    often = seen.values_list("lead").annotate(n=Count("pk"), at=Max("occurred_at")).filter(n__gte=2)
    last = {lead: at for lead, _, at in often}
    leads = Lead.objects.filter(pk__in=last).select_related("company", "standing", "owner").order_by("pk")
    return [(lead, last[lead.pk]) for lead in leads]


def _arrived(segment: Segment, year: Year) -> Iterable[tuple[Lead, datetime]]:
    new = Lead.objects.filter(segment.matching(), created_at__gte=year.moment(DAYS - LATELY))
    return [(lead, lead.created_at) for lead in new.select_related("company", "standing", "owner").order_by("pk")]


def _crossed(rule: Rule, entered: Iterable[tuple[Lead, datetime]], year: Year, to: User | None = None) -> None:
    """They entered then, and who is told was told."""
    rows = [
        Crossing(rule=rule, lead=lead, number=1, cause=Cause.ACTIVITY, state=CrossingState.DONE, at=at, decided_at=at,
                 label=lead.standing.label)
        for lead, at in entered
    ]  # fmt: skip
    Crossing.objects.bulk_create(rows)
    Inside.objects.bulk_create(
        Inside(rule=rule, lead=row.lead, inside=True, number=1, since=row.at, fired_at=row.at) for row in rows
    )
    Notice.objects.bulk_create(_notice(rule, row, to or row.lead.owner, year) for row in rows if to or row.lead.owner)
    if tag := rule.actions.get("tag"):
        Lead.objects.filter(pk__in=[row.lead_id for row in rows]).update(tags=[tag])


def _notice(rule: Rule, row: Crossing, to: User | None, year: Year) -> Notice:
    read = row.at + timedelta(hours=2) if row.at < year.moment(DAYS - UNREAD) else None
    url, key = reverse("lead", args=[row.lead_id]), f"crossing.{row.pk}.tell"
    return Notice(user=to, kind=NOTICE, key=key, text=words(rule, row)[:300], url=url, created_at=row.at, read_at=read)


def _talk(year: Year) -> None:
    dana, kim = marketer(), User.objects.get(email=REP)
    criterion = Criterion.objects.get(name=TALKED_ABOUT)
    if about := about_topic(f"criterion:{criterion.pk}", dana):
        _said(about, kim, year.moment(DAYS - 12.4), ASKED)
        _said(about, dana, year.moment(DAYS - 11.6), ANSWERED)
    mine = Handoff.objects.filter(assignee=kim).select_related("lead", "team")
    if no := mine.filter(state=HandoffState.REJECTED).order_by("-decided_at", "-pk").first():
        rejected = no.decided_at or year.moment(DAYS - 1)
        _said(about_handoff(no), dana, rejected + timedelta(hours=3), "Thank you. What would have told us before?")
        _said(
            about_handoff(no), kim, rejected + timedelta(hours=4), "The signature of the first mail: it has the title."
        )
    if waits := mine.filter(state=HandoffState.OPEN).order_by("-total", "-pk").first():
        _said(about_lead(waits.lead), dana, year.moment(DAYS - 0.3), MET)


def _said(about: About, by: User, at: datetime, text: str) -> None:
    """Said then; who is concerned has their notice of then."""
    comment = say(about, text, by=by)
    Comment.objects.filter(pk=comment.pk).update(created_at=at)
    Notice.objects.filter(key=f"comment:{comment.pk}").update(created_at=at)
