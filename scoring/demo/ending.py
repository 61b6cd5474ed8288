"""What the year leaves behind: handoffs, feedback, deals, and the stages the leads went through."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from django.db import connection
from django.db.models import F

from leads.enums import DealState, HandoffState, Stage
from leads.history import attributed
from leads.models import Feedback, Handoff, Membership, User
from leads.selling import sla
from leads.selling.assignment import COMPANY
from leads.selling.worktime import WorkTime
from scoring.demo import behaviour, people
from scoring.demo.calendar import DAYS, Year
from scoring.demo.chance import dice
from scoring.demo.deals import Outcome
from scoring.demo.decisions import Answer
from scoring.demo.history import History, Offer
from scoring.demo.load import Loader, copy, first_stage
from scoring.demo.story import Person
from scoring.demo.words import listed

ORIGIN = "demo"
DEAL = listed("""
    team_id lead_id company_id owner_id source_id external_id name pipeline stage state amount lost_reason opened_at
    closed_at known_at fields
""")
# reason of a rejection → what in the promise had said otherwise
MISLEADS = {"wrong_person": ("webinar", "guide"), "no_budget": ("employees", "plant"), "no_authority": ("demo",)}
# Accepted leads whose first contact nobody wrote down, and days from yes to contact, on average
NOT_NOTED, UNTIL_CONTACT = 0.15, 0.8
CHANGE = listed("lead_id field old new held_at learned_at by_id origin")


@dataclass(slots=True)
class Ended:
    """A lead sales had to do with, at the end of the year."""

    lead: int
    person: Person
    owner: User | None
    deal: Outcome | None
    path: list[tuple[float, str]]
    rests_until: float = 0.0


class Ending:
    def __init__(self, loader: Loader) -> None:
        self.loader, self.year = loader, loader.story.year
        self._reps = people.reps()
        self._ended: list[Ended] = []

    def inbound(self, person: Person, lead: int, deal: Outcome | None) -> None:
        """A lead outside the history: only its deal is known."""
        if deal and deal.opens < DAYS:
            self._end(Ended(lead, person, None, deal, []))

    def of(self, history: History) -> None:
        for lead, life in history.lives.items():
            deal = life.deal if life.deal and life.deal.opens < DAYS else None
            if deal or life.path:
                self._end(Ended(lead, life.person, life.owner, deal, life.path, life.rests_until))

    def _end(self, ended: Ended) -> None:
        if ended.deal:
            reps = self._reps[ended.person.region]
            ended.owner = ended.owner or reps[ended.person.number % len(reps)]
            ended.path = sorted([*ended.path, *_stages(ended.deal)])
        self._ended.append(ended)

    def write(self) -> None:
        copy("leads_deal", DEAL, (self._deal(*row) for row in self._deals()))
        self._move_leads()

    def _deals(self) -> Iterator[tuple[int, Ended, Outcome]]:
        number = 0
        for ended in self._ended:
            if ended.deal:
                number += 1
                yield number, ended, ended.deal

    def _deal(self, number: int, ended: Ended, deal: Outcome) -> list[Any]:
        person = ended.person
        closed = self.year.text(deal.closes) if deal.state != DealState.OPEN else None
        company = None if person.firm is None else self.loader.first_company + person.firm
        return [
            self.loader.teams[person.region], ended.lead, company, ended.owner and ended.owner.pk,
            self.loader.sources[person.region, behaviour.CRM].pk, f"D-{number:06d}", deal.name, "New business",
            deal.stage, deal.state, deal.amount, deal.lost_reason if deal.state == DealState.LOST else "",
            self.year.text(deal.opens), closed, closed or self.year.text(deal.opens), "{}",
        ]  # fmt: skip

    def write_handoffs(self, offers: list[Offer]) -> None:
        handoffs = Handoff.objects.bulk_create(self._handoff(offer) for offer in offers)
        Feedback.objects.bulk_create(
            _feedback(handoff, offer.answer, offer.assignee)
            for handoff, offer in zip(handoffs, offers, strict=True)
            if offer.answer
        )
        # whose turn it is next
        for offer in offers:
            if offer.because != COMPANY:
                Membership.objects.filter(user=offer.assignee).update(assigned=F("assigned") + 1)

    def _handoff(self, offer: Offer) -> Handoff:
        opened = self.year.moment(offer.opened)
        decided = {} if offer.decided is None or offer.answer is None else {
            "state": offer.answer.state, "decided_at": self.year.moment(offer.decided), "decided_by": offer.assignee,
            "hours_taken": WorkTime().between(opened, self.year.moment(offer.decided)) / timedelta(hours=1),
        }  # fmt: skip
        return Handoff(
            team_id=self.loader.teams[offer.person.region], lead_id=offer.lead, assignee=offer.assignee,
            assigned_because=offer.because, assigned_at=opened, opened_at=opened, opened_by=offer.by,
            due_at=sla.due_at(offer.promise["label"], opened), **offer.promise, **decided, **self._contact(offer),
        )  # fmt: skip

    def _contact(self, offer: Offer) -> dict[str, Any]:
        """The first call or mail that the rep noted."""
        if offer.decided is None or offer.answer is None or offer.answer.state != HandoffState.ACCEPTED:
            return {}
        at = first_contact(self.year, offer.decided, dice("contact", self.loader.story.seed, offer.person.number))
        return {} if at is None else {"contacted_at": self.year.moment(at), "contacted_by": offer.assignee}

    def _move_leads(self) -> None:
        """Set where each lead is now, and put its true way there in the place of the one jump the trigger noted."""
        with attributed(origin=ORIGIN), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE leads_lead l SET stage = n.stage, owner_id = n.owner, resting_until = n.rests"
                " FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::date[]) AS n(id, stage, owner, rests)"
                " WHERE l.id = n.id",
                list(map(list, zip(*map(self._now, self._ended), strict=True))) or [[], [], [], []],
            )
            cursor.execute("DELETE FROM leads_change WHERE origin = %s", [ORIGIN])
            copy("leads_change", CHANGE, (change for ended in self._ended for change in self._changes(ended)))

    def _now(self, ended: Ended) -> tuple[int, str, int | None, Any]:
        rests = self._rests(ended)
        return ended.lead, ended.path[-1][1], ended.owner.pk if ended.owner else None, rests

    def _rests(self, ended: Ended) -> Any:
        return self.year.start + timedelta(days=int(ended.rests_until)) if ended.rests_until > DAYS else None

    def _changes(self, ended: Ended) -> Iterator[list[Any]]:
        before, owned = str(first_stage(ended.person)), False
        for moment, stage in ended.path:
            yield self._change(ended, "stage", before, stage, moment)
            before = stage
            if ended.owner and not owned and stage in (Stage.ACCEPTED, Stage.OPPORTUNITY):
                owned = True
                yield self._change(ended, "owner_id", None, ended.owner.pk, moment)
        if rests := self._rests(ended):
            yield self._change(ended, "resting_until", None, str(rests), ended.path[-1][0])

    def _change(self, ended: Ended, name: str, old: Any, new: Any, moment: float) -> list[Any]:
        at = self.year.text(moment)
        sales = new in (Stage.ACCEPTED, Stage.REJECTED, Stage.RESTING)
        by = ended.owner.pk if ended.owner and sales else None
        origin = "CRM" if new in (Stage.OPPORTUNITY, Stage.CUSTOMER) else "handoff"
        return [ended.lead, name, _jsonb(old), _jsonb(new), at, at, by, origin]


def first_contact(year: Year, decided: float, rng: Random) -> float | None:
    """When the rep first called or wrote after accepting; None: nothing of it is noted, or it lies ahead."""
    called, rest, clock, noted = decided + rng.expovariate(1 / UNTIL_CONTACT), rng.random(), rng.random(), rng.random()
    if called >= DAYS or noted < NOT_NOTED:
        return None
    at = max(year.working(called, rest, clock), decided + 0.01)
    return at if at < DAYS else None


def _feedback(handoff: Handoff, answer: Answer, by: User) -> Feedback:
    """What misled: a webinar or a guide spoke for who is no buyer, the size of the company for who has no budget."""
    names = MISLEADS.get(answer.reason, ())
    misled_by = next((name for name, _ in handoff.reasons if any(word in name for word in names)), "")
    return Feedback(
        handoff=handoff, verdict=answer.state, reason_id=answer.reason or None, comment=answer.comment,
        misled_by=misled_by, by=by,
        created_at=handoff.decided_at or handoff.opened_at,
    )  # fmt: skip


def _stages(deal: Outcome) -> Iterator[tuple[float, str]]:
    yield deal.opens, Stage.OPPORTUNITY
    if deal.state != DealState.OPEN:
        yield deal.closes, Stage.CUSTOMER if deal.wins else Stage.NURTURE


def _jsonb(value: Any) -> str:
    return json.dumps(value)
