"""The year replayed: from the day of the first version on, every evening what is due is scored, as the pipeline would
have done; who enters Hot is handed off; sales answers.

Standings, entries and versions are written by the engine itself (ledger.record, ledger.switch) for the moments of the
past. Handoffs and feedback are written as rows at the end: the verbs of leads/selling/handoffs.py live in the present.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet

from leads.enums import HandoffState, Label, Stage
from leads.models import LedgerLine, Standing, User, top_reasons
from leads.selling.assignment import COMPANY, in_turn
from leads.selling.handoffs import QUIET_DAYS
from leads.selling.worktime import WorkTime
from scoring.demo import deals, decisions, model, people
from scoring.demo.behaviour import Act
from scoring.demo.calendar import DAYS
from scoring.demo.campaigns import FAIR
from scoring.demo.chance import dice
from scoring.demo.deals import Outcome
from scoring.demo.decisions import Answer
from scoring.demo.story import Person, Story
from scoring.demo.trial import FIRST_DAY as TRIAL_DAY
from scoring.demo.trial import Side, Trial
from scoring.engine.evaluate import compiled_for, evaluate
from scoring.engine.ledger import record, switch
from scoring.models import (
    Move,
    Publication,
    PublicationPage,
    PublicationScore,
    Revision,
    ScoringModel,
    Version,
    VersionState,
)
from scoring.publishing import publish
from scoring.revisions import record as record_draft

FIRST_DAY, SECOND_DAY = DAYS - 240, DAYS - 70  # on which the versions were published
PROMISED = ("fit", "engagement", "total", "grade", "label", "version", "points")
EVENING = 23 / 24
DAILY, SELDOM = 14, 14  # the last days, and every how many before them, on which time alone changes scores
# Sales has not yet answered most of what came in the last days.
RECENT, UNANSWERED = 6.0, 0.7
FROM_THE_FAIR = 0.25


@dataclass(slots=True)
class Offer:
    """A handoff of the story."""

    lead: int
    person: Person
    assignee: User
    because: str
    opened: float
    by: User | None
    promise: dict[str, Any]
    answer: Answer | None = None
    decided: float | None = None


@dataclass(slots=True)
class Life:
    """What has become of a lead so far. `path`: the stages it went through, with the moments."""

    person: Person
    deal: Outcome | None
    path: list[tuple[float, str]] = field(default_factory=list)
    rests_until: float = 0.0
    owner: User | None = None
    offer: Offer | None = None


class History:
    def __init__(self, story: Story) -> None:
        self.story, self.year, self.rng = story, story.year, dice("history", story.seed)
        self.lives: dict[int, Life] = {}
        self.offers: list[Offer] = []
        self._active: dict[int, dict[int, float]] = defaultdict(dict)  # day → lead → moment of the last act
        self._reps = people.reps()
        self._visitors: dict[int, list[int]] = defaultdict(list)  # day → leads of the trade fair that came on it
        self._turn = dict.fromkeys(self._reps, 0)
        self._owners: dict[int, User] = {}  # company → rep
        self._written = 0  # of the offers

    def remember(self, person: Person, lead: int, acts: list[Act], deal: Outcome | None) -> None:
        """This lead takes part."""
        self.lives[lead] = Life(person, deal)
        if person.source == FAIR:
            self._visitors[int(person.created)].append(lead)
        for act in [*acts, Act(person.created, "", "")]:
            day = self._active[int(act.moment)]
            day[lead] = max(act.moment, day.get(lead, 0.0))

    def walk(self, draft: ScoringModel, hand_over: Callable[[list[Offer]], None]) -> None:
        """From the first version to yesterday evening. `hand_over` writes the handoffs so far, and at the end all."""
        _nothing_is_due(list(self.lives))
        trial = Trial(draft, self.story.leads)
        for day in range(FIRST_DAY, DAYS):
            evening = self.year.moment(day + EVENING)
            if day == FIRST_DAY:
                self._go_live(draft, model.FIRST_NOTE, evening)
                self._offer(_hot(list(self.lives)), day, by=people.marketer())
                continue
            if day == SECOND_DAY:
                model.improve(draft)
                self._go_live(draft, model.SECOND_NOTE, evening)
            self._from_the_fair(day)
            self._score(day, evening)
            self._offer(_entered_hot(), day, by=None)
            if day == TRIAL_DAY:
                self._score_by(trial.begin(evening))
            elif trial.is_due(day):
                self._hand_over(hand_over)
                if trial.see(day, evening):
                    self._score_by(trial.sides)
                    self._count(Standing.objects.facts_due().filter(pk__in=list(self.lives)), evening)
                    Move.objects.all().delete()  # rules hand nobody off
        self._hand_over(hand_over)

    def _go_live(self, draft: ScoringModel, note: str, moment: datetime) -> None:
        """publishing.run() for a moment of the past, and for the leads there were."""
        _written(draft, moment - timedelta(hours=3))
        publication = publish(draft, by=people.marketer(), note=note, published_at=moment)
        version = publication.version
        there = [lead for lead, life in self.lives.items() if self.year.moment(life.person.created) <= moment]
        revisions = dict(Standing.objects.filter(pk__in=there).values_list("pk", "facts_rev"))
        PublicationScore.objects.bulk_create(
            PublicationScore(
                publication=publication, rev=revisions[result.lead_id], as_of=moment,
                **{name: getattr(result, name) for name in result.__dataclass_fields__},
            )
            for result in evaluate(version, there, moment)
        )  # fmt: skip
        changed = switch(publication.pk, moment)
        Version.objects.live().update(state=VersionState.RETIRED)
        Version.objects.filter(pk=version.pk).update(state=VersionState.LIVE)
        publication.scores.all().delete()
        PublicationPage.objects.filter(publication=publication).update(done_at=moment)
        Publication.objects.filter(pk=publication.pk).update(
            started_at=moment, finished_at=moment, leads=len(there), changed=changed
        )
        Move.objects.all().delete()  # rules hand nobody off
        self._score_by([Side(version.pk)])

    def _score_by(self, sides: list[Side]) -> None:
        """Each by its own version alone: the same as the statement of all, and for a few leads much quicker."""
        self._sides = [(side, compiled_for((side.version,))) for side in sides]
        self._lines = LedgerLine.objects.of([side.version for side in sides])

    def _hand_over(self, hand_over: Callable[[list[Offer]], None]) -> None:
        hand_over(self.offers[self._written :])
        self._written = len(self.offers)

    def _score(self, day: int, evening: datetime) -> None:
        """What the day's facts and the calendar made due, in one statement as the pipeline does it."""
        due = Q(pk__in=list(self._active[day]))
        Standing.objects.filter(due).update(facts_rev=F("facts_rev") + 1)
        # nobody looks at every point that faded last winter
        if day > DAYS - DAILY or day % SELDOM == 0:
            due |= Q(due_at__lte=evening)
        self._count(Standing.objects.filter(due), evening)

    def _count(self, due: QuerySet[Standing], evening: datetime) -> None:
        claimed = list(due.order_by("pk").values_list("pk", "facts_rev"))
        for side, compiled in self._sides:
            if mine := [(lead, rev) for lead, rev in claimed if side.decides(lead)]:
                record(mine, compiled, evening, evening)

    def _offer(self, leads: list[int], day: int, by: User | None) -> None:
        standings = Standing.objects.in_bulk(leads)
        for lead in leads:
            life = self.lives[lead]
            # the pipeline is quick: a lead is handed off when it acts, not in the evening
            opened = self._active[day].get(lead, day + 0.6) + 40 / 86400
            if self._free(life, opened):
                self._hand_off(lead, standings[lead], opened, by, self._assign(life.person), self.rng)

    def _from_the_fair(self, day: int) -> None:
        """Some visitors of the stand go to sales the day after, whatever their score: the score is held to them."""
        rng, manager = dice("fair", self.story.seed, day), people.manager()
        chosen = [lead for lead in self._visitors[day - 1] if rng.random() < FROM_THE_FAIR]
        standings = Standing.objects.in_bulk(chosen)
        for lead in chosen:
            life, opened = self.lives[lead], day + 0.38 + 0.2 * rng.random()
            if self._free(life, opened):
                to = rng.choice(self._reps[life.person.region]), f"Chosen by {manager}"
                self._hand_off(lead, standings[lead], opened, manager, to, rng)

    def _free(self, life: Life, moment: float) -> bool:
        """As in leads/selling/handoffs.py: not waiting for an answer, not taken by sales, not resting."""
        if life.offer and (life.offer.decided is None or life.offer.decided > moment or life.owner):
            return False
        return life.rests_until <= moment and (life.deal is None or life.deal.opens > moment)

    def _hand_off(
        self, lead: int, standing: Standing, opened: float, by: User | None, to: tuple[User, str], rng: Random
    ) -> None:
        life, (rep, because) = self.lives[lead], to
        promise = {name: getattr(standing, name) for name in PROMISED}
        promise["reasons"] = top_reasons(standing.points, self._lines[standing.version or 0])
        offer = life.offer = Offer(lead, life.person, rep, because, opened, by, promise)
        self.offers.append(offer)
        life.path.append((opened, Stage.HANDED_OFF))
        self._decide(life, offer, rng)

    def _assign(self, person: Person) -> tuple[User, str]:
        reps = self._reps[person.region]
        owner = self._owners.get(person.firm) if person.firm is not None else None
        if owner:
            return owner, COMPANY
        turn = self._turn[person.region] % len(reps)
        self._turn[person.region] += 1
        return reps[turn], in_turn(turn + 1, len(reps))

    def _decide(self, life: Life, offer: Offer, rng: Random) -> None:
        pace = 0.8 + 0.5 * self._reps[life.person.region].index(offer.assignee)
        hours = decisions.hours_to_answer(rng, pace)
        decided = self.year.days(WorkTime().after(self.year.moment(offer.opened), hours))
        # the rep of the demo login finds something to do
        mine = offer.assignee.email == people.REP
        waits = offer.opened > DAYS - RECENT and (rng.random() < UNANSWERED or mine)
        answer = decisions.answer(life.person, rng)
        firm = None if life.person.firm is None else self.story.firms[life.person.firm]
        if decided >= DAYS or waits:
            life.deal = None
            return
        offer.answer, offer.decided = answer, decided
        life.deal = deals.after_answer(life.person, firm, answer.state, decided, rng)
        if answer.state == HandoffState.ACCEPTED:
            life.owner = offer.assignee
            life.path.append((decided, Stage.ACCEPTED))
            if life.person.firm is not None:
                self._owners.setdefault(life.person.firm, offer.assignee)
        else:
            rejected = answer.state == HandoffState.REJECTED
            life.rests_until = int(decided) + (QUIET_DAYS if rejected else answer.days)
            life.path.append((decided, Stage.REJECTED if rejected else Stage.RESTING))


def _written(draft: ScoringModel, moment: datetime) -> None:
    """Marketing wrote the draft in the admin, at that moment."""
    if revision := record_draft(draft, by=people.marketer(), origin="admin", apart=True):
        Revision.objects.filter(pk=revision.pk).update(began_at=moment, at=moment)


def _nothing_is_due(leads: list[int]) -> None:
    """The walk says day by day what is due; the load marked everything at once."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE leads_standing SET scored_rev = facts_rev WHERE lead_id = ANY(%s)", [leads])


def _hot(leads: list[int]) -> list[int]:
    return list(Standing.objects.filter(pk__in=leads, label=Label.HOT).order_by("pk").values_list("pk", flat=True))


def _entered_hot() -> list[int]:
    """Who has just become Hot; the moves are done with then."""
    hot = Move.objects.filter(label=Label.HOT).exclude(cause="rules").order_by("lead").values_list("lead", flat=True)
    leads = list(hot)
    Move.objects.all().delete()
    return leads
