"""What came of a lead that a rep took. One sale is one deal, whoever tells of it: the rep, a CRM, a file, a program."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone

from leads import ingest
from leads.crm.history import address_of
from leads.enums import ConnectionState, CrmKind, DealState, ImportPolicy, SourceKind, Stage
from leads.history import attributed
from leads.ingest.by_hand import BY_HAND, own_id
from leads.ingest.records import DealRecord
from leads.ingest.sql import lock_making
from leads.models import Connection, Deal, Handoff, Lead, Source, User
from leads.retry import retried
from leads.selling.followup import accepted

ANOTHER = "another"


@retried
def set_deal(handoff: Handoff, *, by: User, state: str, amount: Decimal | None = None, name: str = "",
             lost_reason: str = "", deal: str = "") -> Deal:  # fmt: skip
    """What came of the lead: an open deal makes it an opportunity, a won one a customer, a lost one goes to nurture.

    It is said of the deal there is, the rep's own or one that a file or a program told of; of several, `deal` is the
    id of one. ANOTHER: of a sale that none of them is. Raises ValidationError where that has to be said, and of a deal
    that a CRM keeps, for it is the CRM that says what became of it.
    """
    accepted(handoff)
    with attributed(by=by, origin=BY_HAND):
        lock_making(handoff.team_id)  # no sync brings the same sale between the look and the deal
        chosen = _chosen(outcomes(handoff), deal)
        source = chosen.source if chosen else Source.objects.named(handoff.team, BY_HAND, SourceKind.MANUAL)
        values = _values(state, chosen) | {"amount": amount, "name": name, "lost_reason": lost_reason}
        if chosen is None:
            values |= {"name": name or str(handoff.lead), "owner": by}
        id = chosen.external_id if chosen else own_id(handoff.pk)
        record = DealRecord(values, external_id=id, lead=handoff.lead_id)
        ingest.upsert_deals(source, [record], policy=ImportPolicy.FILE_WINS, by=by)
        if state == DealState.LOST:
            with_sales = Lead.objects.filter(pk=handoff.lead_id, stage__in=(Stage.ACCEPTED, Stage.OPPORTUNITY))
            with_sales.update(stage=Stage.NURTURE)
    return Deal.objects.get(source=source, external_id=id)


def _values(state: str, chosen: Deal | None) -> dict[str, Any]:
    values: dict[str, Any] = {"state": state, "stage": DealState(state).label}
    if state != DealState.OPEN and (chosen is None or chosen.state != state):
        values["closed_at"] = timezone.now()
    return values


@dataclass(frozen=True)
class Outcome:
    """A deal that may be what came of a handoff. `own`: a rep said it here. `kept_by`: the connection whose CRM has it,
    where its state is said.
    """

    deal: Deal
    own: bool
    kept_by: Connection | None

    @property
    def choice(self) -> str:
        return str(self.deal.pk)

    @property
    def url(self) -> str:
        """Where the deal is in the CRM; "" where that is not known."""
        return address_of(self.kept_by, CrmKind.DEALS, self.deal.external_id) if self.kept_by else ""


@dataclass(frozen=True)
class Outcomes:
    """`kept` by a CRM, and those of which the rep speaks here."""

    kept: list[Outcome]
    said: list[Outcome]

    @property
    def own(self) -> Outcome | None:
        return next((each for each in self.said if each.own), None)

    @property
    def choices(self) -> list[Outcome]:
        """Those a rep chooses from; none where only their own is spoken of."""
        return [] if self.own and len(self.said) == 1 else self.said


def outcomes(handoff: Handoff) -> Outcomes:
    """The deals that may be what came of this handoff, newest first: the rep's own, and those others tell of that were
    open since it was handed off. One query.
    """
    since = Q(state=DealState.OPEN) | Q(closed_at__gte=handoff.opened_at)
    by_reps = Q(external_id__startswith=own_id(""), source__kind=SourceKind.MANUAL)
    own = by_reps & Q(external_id=own_id(handoff.pk))
    deals = Deal.objects.filter(own | (since & ~by_reps), team=handoff.team_id, lead=handoff.lead_id)
    deals = deals.select_related("source__connection").order_by("-opened_at", "-pk")
    found = [Outcome(deal, deal.external_id == own_id(handoff.pk), _kept_by(deal)) for deal in deals]
    return Outcomes([each for each in found if each.kept_by], [each for each in found if not each.kept_by])


def _kept_by(deal: Deal) -> Connection | None:
    """A CRM that is disconnected says nothing more."""
    connection: Connection | None = getattr(deal.source, "connection", None)
    return connection if connection and connection.state != ConnectionState.SETUP else None


def _chosen(there: Outcomes, which: str) -> Deal | None:
    """The deal that is spoken of; None for a new one."""
    if which == ANOTHER or (there.own and not which):
        return there.own.deal if there.own else None
    found = [each for each in (*there.kept, *there.said) if which in ("", each.choice)]
    if which and not found:
        raise ValidationError({"deal": "This is no deal of the lead since it was handed off."})
    if len(found) > 1:
        names = ", ".join(f"{each.choice} ({each.deal})" for each in found)
        raise ValidationError({"deal": f"There are several deals. Say which: {names}, or “{ANOTHER}”."})
    if found and (crm := found[0].kept_by):
        raise ValidationError({"deal": f"{crm} keeps this deal: say there what became of it, and it comes here."})
    return found[0].deal if found else None
