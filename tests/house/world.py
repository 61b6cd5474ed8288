"""One row of every kind that an address may name: of a person, of a colleague, and of a stranger in another team."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import BigAutoField
from django.test import Client
from django.utils import timezone

from leads.enums import Role
from leads.identity import merge
from leads.models import (
    Absence,
    ApiToken,
    Calendar,
    Capacity,
    Cleanup,
    Comment,
    Company,
    Connection,
    ConnectionSecret,
    Crossing,
    Deal,
    Departure,
    DuplicatePair,
    Effect,
    Endpoint,
    Event,
    EventKind,
    Feedback,
    Field,
    Handoff,
    Import,
    LeadForm,
    MailHook,
    Membership,
    MergeRule,
    Notice,
    NurtureList,
    NurtureMember,
    Problem,
    RejectionReason,
    RoutingRule,
    Rule,
    Segment,
    SignIn,
    Source,
    Team,
    User,
    WriteKey,
)
from leads.outgoing.sealing import seal
from leads.people.invitations import invite
from reports.models import Assumption, SourceCost
from scoring.models import (
    Criterion,
    Experiment,
    Group,
    Learning,
    ScheduledPublication,
    ScoringModel,
    Suggestion,
    Version,
)
from scoring.publishing import publish
from scoring.revisions import snapshot_of
from tests.sales import hand_off, make_lead, make_team, make_user, reason

HOT = {"field": "label", "op": "any_of", "value": ["hot"]}
MISSING = 987_654_321
FIRST_ID = 700_000_000  # so that an id is like no other number of a page

# A kind of row → how the team and the person get one. Rows of the company belong to no team: see COMPANY.
KINDS: dict[str, Callable[[Team, User], Any]] = {
    "team": lambda team, person: team,
    "user": lambda team, person: person,
    "company": lambda team, person: Company.objects.create(team=team, name="Northgate"),
    "lead": lambda team, person: make_lead(team, owner=person),
    "handoff": lambda team, person: _assigned(team, person),
    "feedback": lambda team, person: Feedback.objects.create(
        handoff=hand_off(team), verdict=Feedback.REJECTED, reason=reason(), by=person
    ),
    "source": lambda team, person: _source(team),
    "import": lambda team, person: Import.objects.create(
        team=team, source=_source(team), by=person, name="x.csv", kind="leads", state="done"
    ),
    "deal": lambda team, person: Deal.objects.create(
        team=team, lead=make_lead(team), source=_source(team), external_id=f"d{person.pk}", name="Pilot"
    ),
    "event": lambda team, person: Event.objects.create(
        lead=make_lead(team), kind=EventKind.objects.get(slug="page_viewed"), source=_source(team),
        message_id=f"m{person.pk}", occurred_at=timezone.now(),
    ),
    "writekey": lambda team, person: WriteKey.issue(_source(team))[0],
    "sourcecost": lambda team, person: SourceCost.objects.create(
        team=team, source=f"Fair {person.pk}", month="2026-07-01", amount=9
    ),
    "absence": lambda team, person: Absence.objects.create(user=person, first="2999-01-01", last="2999-01-02"),
    "calendar": lambda team, person: Calendar.objects.get_or_create(team=team)[0],
    "capacity": lambda team, person: Capacity.objects.get(team=team, user=make_user("Rob", team)),
    "rule": lambda team, person: _rule(team, person),
    "crossing": lambda team, person: Crossing.objects.create(
        rule=_rule(team, person), lead=make_lead(team), cause="decay", state="done", at=timezone.now()
    ),
    "duplicatepair": lambda team, person: DuplicatePair.objects.create(
        team=team, low=make_lead(team), high=make_lead(team), confidence=90
    ),
    "merge": lambda team, person: merge(make_lead(team), make_lead(team), by=None),
    "mergerule": lambda team, person: MergeRule.objects.get_or_create(team=team)[0],
    "invitation": lambda team, person: invite(
        team, email=f"new{person.pk}@example.com", role=Role.REP, by=person
    ),
    "membership": lambda team, person: Membership.objects.get(team=team, user=person),
    "departure": lambda team, person: Departure.objects.create(
        team=team, user=User.objects.create_user(f"gone{person.pk}@example.com", name="Gone"), role=Role.REP
    ),
    "signin": lambda team, person: SignIn.objects.create(user=person, session_key=f"s{person.pk}"),
    "comment": lambda team, person: Comment.objects.create(lead=make_lead(team), by=person, text="Hello"),
    "connection": lambda team, person: _connection(team, person),
    "webhook": lambda team, person: Endpoint.objects.create(
        team=team, name=f"Bridge {person.pk}", url="https://hooks.example.com/"
    ),
    "effect": lambda team, person: Effect.objects.create(
        team=team, kind="webhook", key=f"e{person.pk}", lane="webhook:0", state=Effect.DEAD
    ),
    "cleanup": lambda team, person: Cleanup.objects.create(team=team, act="dismiss", kind="title"),
    "problem": lambda team, person: Problem.objects.create(
        team=team, kind="title", lead=make_lead(team), value="CEO, student"
    ),
    "nurturelist": lambda team, person: NurtureList.objects.get_or_create(team=team, name="Later")[0],
    "nurturemember": lambda team, person: NurtureMember.objects.create(
        list=NurtureList.objects.get_or_create(team=team, name="Later")[0], lead=make_lead(team)
    ),
    "routingrule": lambda team, person: RoutingRule.objects.create(name="Robots", of=team, team=team, condition=HOT),
    "segment": lambda team, person: Segment.objects.create(
        team=team, name=f"Hot {person.pk}", condition=HOT
    ),
    "notice": lambda team, person: Notice.objects.create(user=person, kind="mention", key="m", text="Hello"),
    "assumption": lambda team, person: Assumption.objects.get_or_create(
        team=team, name="unworked", ended_at=None, defaults={"value": 0.5, "why": "Asked", "by": person}
    )[0],
    "apitoken": lambda team, person: ApiToken.issue(person, scope=ApiToken.READ)[0],
}  # fmt: skip

# Rows of the company: everybody's, or nobody's.
COMPANY: dict[str, Callable[[], Any]] = {
    "field": lambda: Field.objects.get_or_create(key="seats", label="Seats")[0],
    "eventkind": lambda: EventKind.objects.get(slug="page_viewed"),
    "rejectionreason": lambda: RejectionReason.objects.get(slug="no_budget"),
    "scoringmodel": lambda: _model(),
    "criterion": lambda: _model().criteria.get(),
    "version": lambda: _version(),
    "experiment": lambda: _experiment(),
    "publication": lambda: _version().publications.get(),
    "learning": lambda: Learning.objects.filter(finished_at=None).first() or Learning.objects.create(question={}),
    "suggestion": lambda: _suggestion(),
    "report": lambda: "funnel",
    "starter": lambda: "b2b-saas",
    "crm": lambda: "hubspot",
    "feedbackreport": lambda: "reasons",
    "forecastreport": lambda: "months",
    "app": lambda: "leads",
}

# What else an address of the kind asks for, besides the row.
ASIDE: dict[str, Callable[[Any], dict[str, object]]] = {
    "source": lambda source: {
        "key": WriteKey.issue(source)[0].pk,
        "form": source.forms.get().pk,
        "hook": source.mail_hooks.get().pk,
    },
    "scoringmodel": lambda model: _beside(model),
    "nurturelist": lambda of: {"member": of.members.create(lead=make_lead(of.team)).pk},
    "webhook": lambda webhook: {
        "delivery": Effect.objects.create(
            team=webhook.team, kind="webhook", key=f"w{webhook.pk}", lane=webhook.lane, state=Effect.DEAD
        ).pk
    },
}


class Row:
    """A row, and what fills the blanks of an address that names it."""

    def __init__(self, kind: str, row: Any) -> None:
        self.pk = getattr(row, "pk", row)
        self.missing = "nothing-like-it" if isinstance(self.pk, str) else MISSING
        self._aside = ASIDE[kind](row) if kind in ASIDE else {}

    def fills(self, blanks: list[str], pk: object = None) -> Callable[[str], object]:
        """The first blank is the row's (or that of `pk`), the others are what is beside it."""
        values = {blanks[0]: pk or self.pk} | {name: self._aside.get(name, MISSING) for name in blanks[1:]}
        return values.__getitem__


@dataclass
class World:
    """Two teams. In the first the person, with rows of their own, and a colleague with theirs."""

    role: str
    team: Team = field(init=False)
    person: User = field(init=False)
    own: dict[str, Row] = field(init=False)
    colleagues: dict[str, Row] = field(init=False)
    others: dict[str, Row] = field(init=False)

    def __post_init__(self) -> None:
        telling_ids()
        self.team, (other, stranger) = make_team(), another_team()
        self.person = make_user("Uma", self.team, self.role)
        company = rows_of_the_company()
        self.own = rows_of(self.team, self.person) | company
        self.colleagues = rows_of(self.team, make_user("Kim", self.team)) | company
        self.others = rows_of(other, stranger)


def browser(person: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def rows_of(team: Team, person: User) -> dict[str, Row]:
    """One row of every kind of a team, which is the person's where rows of the kind are somebody's."""
    return {kind: Row(kind, make(team, person)) for kind, make in KINDS.items()}


def rows_of_the_company() -> dict[str, Row]:
    return {kind: Row(kind, make()) for kind, make in COMPANY.items()}


def telling_ids() -> None:
    """From now on ids are like no other number of a page."""
    with connection.cursor() as cursor:
        models = [model for model in apps.get_models() if isinstance(model._meta.auto_field, BigAutoField)]
        for i, model in enumerate(models):
            sequence = connection.ops.quote_name(f"{model._meta.db_table}_{model._meta.auto_field.column}_seq")
            least = FIRST_ID + 1_000_000 * i
            cursor.execute(f"SELECT setval('{sequence}', greatest(nextval('{sequence}'), {least}))")


def another_team() -> tuple[Team, User]:
    """A team that nobody else is in."""
    team = make_team("APAC")
    return team, make_user("Theo", team, Role.REP)


def _assigned(team: Team, person: User) -> Handoff:
    handoff = hand_off(team)
    Handoff.objects.filter(pk=handoff.pk).update(assignee=person)
    return handoff


def _rule(team: Team, person: User) -> Rule:
    segment, _ = Segment.objects.get_or_create(team=team, name=f"Hot for {person.pk}", condition=HOT)
    return Rule.objects.create(team=team, name="Hot", segment=segment, actions={"tag": "x"})


def _connection(team: Team, person: User) -> Connection:
    """Its key was sealed for another row, so that the CRM is never asked."""
    made = Connection.make(team, crm="hubspot", name=f"CRM {person.pk}", slug=f"crm-{person.pk}")
    ConnectionSecret.objects.create(connection=made, name="token", value=seal("secret", "elsewhere"))
    return made


def _source(team: Team) -> Source:
    source = Source.objects.named(team, "Web", "website")
    MailHook.objects.get_or_create(source=source, provider="postmark")
    LeadForm.objects.get_or_create(source=source, defaults={"key": f"k{team.pk}", "name": "Contact"})
    return source


def _suggestion() -> Suggestion:
    model = _model()
    rule = model.criteria.get()
    values = {"points": rule.points, "condition": rule.condition, "at_most": None, "active": True}
    return Suggestion.objects.get_or_create(
        model=model, key="points:1", kind=Suggestion.POINTS, criterion=rule.pk, name=rule.name, words="More points",
        defaults={"edit": {"points": 7}, "before": values, "evidence": {}},
    )[0]  # fmt: skip


def _experiment() -> Experiment:
    """One that has ended, so that publishing is as without it."""
    version, now = _version(), timezone.now()
    made, new = Experiment.objects.get_or_create(
        model=version.model, name="Robots first", champion=version, base=0.2, effect=0.1, planned=700, salt="a1",
        after=0, defaults={"started_at": now, "ended_at": now, "ending": "stopped"},
    )  # fmt: skip
    if new:
        made.arms.create(position=0, name="Version 1", version=version, low=0, high=10_000)
    return made


def _model() -> ScoringModel:
    model, made = ScoringModel.objects.get_or_create(name="Robots", slug="robots")
    if made:
        group = Group.objects.create(model=model, name="Who", axis="fit")
        condition = {"field": "country", "op": "is", "value": "FR"}
        Criterion.objects.create(model=model, group=group, name="French", condition=condition, points=5)
    return model


def _beside(model: ScoringModel) -> dict[str, object]:
    now, by = timezone.now(), User.objects.earliest("pk")
    scheduled, _ = ScheduledPublication.objects.get_or_create(
        model=model, ended_at=None, defaults={"at": now, "made_at": now, "by": by}
    )
    revision = model.revisions.first() or model.revisions.create(began_at=now, at=now, snapshot=snapshot_of(model))
    return {"number": 1, "revision": revision.pk, "scheduled": scheduled.pk}


def _version() -> Version:
    model = _model()
    return model.versions.first() or publish(model, by=None, note="").version
