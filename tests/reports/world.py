"""A small company to which things happen at random, for the tests of the figures."""

import random
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count

from django.core.exceptions import ValidationError
from django.db.models import F, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from leads.enums import DealState, Label, SourceKind
from leads.identity.merging import merge
from leads.ingest import record_events
from leads.ingest.records import EventRecord
from leads.models import Deal, Handoff, Lead, Source
from leads.selling.handoffs import accept, open_handoffs, recycle, reject, withdraw
from reports.models import Fact, HandoffFact, Tally
from reports.summaries import count_due, make_anew
from scoring.models import ControlCase, Entry, Move
from tests.sales import make_lead, make_team, make_user, reason, score

numbers = count(1)
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def everything():
    facts = list(Fact.objects.order_by("pk").values())
    keys = ("of", "day", "team_id", "source", "version", "key")
    names = [field.attname for field in Tally._meta.concrete_fields if field.attname != "id"]
    return facts, list(Tally.objects.order_by(*keys).values(*names))


def every_handoff():
    """As they are kept, with the texts that are kept as numbers."""
    texts = {f"{name}_text": F(f"{name}__text") for name in ("source", "reason", "misled_by")}
    return list(HandoffFact.objects.order_by("pk").annotate(**texts, bits=Cast("given", TextField())).values())


def same_as_anew():
    """Count what is due, then everything, and compare."""
    assert count_due() is True
    as_it_came, handoffs = everything(), every_handoff()
    assert make_anew()
    assert (as_it_came, handoffs) == (everything(), every_handoff())
    return as_it_came


def rated(lead, label, at, total=50):
    """What scoring writes with a new label."""
    seq = Entry.objects.filter(lead=lead).count() + 1
    Entry.objects.create(lead=lead, seq=seq, cause="activity", as_of=at, recorded_at=at, label=label, grade="B2",
                         total=total)  # fmt: skip
    Move.objects.create(lead=lead, cause="activity", label=label)


def deal(lead, state, amount=1000, closed=None):
    source = Source.objects.named(lead.team, "CRM", SourceKind.CRM)
    return Deal.objects.create(
        team=lead.team, lead=lead, source=source, external_id=str(next(numbers)), name="Deal",
        state=state, amount=amount, closed_at=closed,
    )  # fmt: skip


class World:
    """Things that happen to leads, at random."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.teams = [make_team(), make_team("APAC")]
        self.kim = make_user("Kim", self.teams[0], is_superuser=True)

    def lead(self):
        leads = list(Lead.objects.order_by("pk"))
        return self.dice.choice(leads) if leads else self.comes()

    def comes(self):
        created = timezone.now() - timedelta(days=self.dice.randrange(60))
        return make_lead(self.dice.choice(self.teams), created_at=created, source=self.dice.choice(["Web", "Fair", ""]))

    def is_rated(self):
        rated(self.lead(), self.dice.choice(Label.values), timezone.now(), self.dice.randrange(100))

    def is_handed_off(self):
        lead = self.lead()
        if not Handoff.objects.open().filter(lead=lead).exists():
            open_handoffs([score(lead).pk], by=self.dice.choice([None, self.kim]))

    def is_answered(self):
        handoff = Handoff.objects.open().order_by("pk").first()
        if handoff:
            answer = self.dice.randrange(3)
            if answer == 0:
                accept(handoff, by=self.kim)
            elif answer == 1:
                slug, misled_by = (
                    self.dice.choice(["no_budget", "wrong_fit"]),
                    self.dice.choice(["", "Asked for pricing"]),
                )
                reject(handoff, by=self.kim, reason=reason(slug), misled_by=misled_by)
            else:
                recycle(handoff, by=self.kim, until=timezone.localdate() + timedelta(days=5))

    def is_taken_back(self):
        handoff = Handoff.objects.filter(decided_by=self.kim).exclude(before={}).order_by("-decided_at").first()
        if handoff and not Handoff.objects.open().filter(lead=handoff.lead_id).exists():
            with suppress(ValidationError):
                withdraw(handoff, by=self.kim)

    def is_called(self):
        lead = self.lead()
        call = EventRecord(kind="call_held", occurred_at=timezone.now(), message_id=str(next(numbers)), lead=lead.pk)
        record_events(Source.objects.named(lead.team, "CRM", SourceKind.CRM), [call])

    def is_drawn_by_lot(self):
        handoff = Handoff.objects.filter(lead=self.lead(), control=None).first()
        if handoff and not ControlCase.objects.filter(lead=handoff.lead_id).exists():
            case = ControlCase.objects.create(
                lead=handoff.lead, team=handoff.team, label="hot", total=30, version=1, permille=10, drawn=True,
                excluded=True, at=timezone.now(),
            )  # fmt: skip
            ControlCase.objects.filter(pk=case.pk).update(handoff=handoff)

    def buys(self):
        state = self.dice.choice(DealState.values)
        closed = timezone.now() if state != DealState.OPEN and self.dice.random() < 0.8 else None
        deal(self.lead(), state, self.dice.choice([None, 500, 900]), closed)

    def deal_changes(self):
        Deal.objects.filter(pk__in=Deal.objects.order_by("?").values("pk")[:2]).update(state=DealState.WON, amount=77)

    def deal_goes(self):
        Deal.objects.filter(pk__in=Deal.objects.order_by("?").values("pk")[:1]).delete()

    def moves(self):
        Lead.objects.filter(pk=self.lead().pk).update(source="Moved", created_at=timezone.now() - timedelta(days=3))

    def changes_team(self):
        lead = self.lead()
        Lead.objects.filter(pk=lead.pk).update(
            team=self.dice.choice(self.teams), campaign=self.dice.choice(["", "May"])
        )

    def merges(self):
        one, other = self.lead(), self.lead()
        if one != other and one.team_id == other.team_id:
            merge(one, other, by=self.kim)

    def goes(self):
        self.lead().delete()

    def happens(self):
        what = [self.comes] * 8 + [self.is_rated] * 3 + [self.is_handed_off] * 3 + [self.is_answered] * 3
        what += [self.buys] * 8 + [self.deal_changes, self.deal_goes, self.moves, self.changes_team] * 2
        what += [self.is_taken_back, self.is_called, self.is_called, self.is_drawn_by_lot, self.merges, self.goes]
        self.dice.choice(what)()
