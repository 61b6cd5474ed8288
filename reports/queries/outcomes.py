"""What became of a lead, as conditions on a queryset of leads: the words MQL, SAL, SQL and customer."""

from django.db.models import Exists, OuterRef

from leads.enums import DealState, HandoffState
from leads.models import Deal, Handoff

_handoffs = Handoff.objects.filter(lead=OuterRef("pk"))
_deals = Deal.objects.filter(lead=OuterRef("pk"))

HANDED_OFF = Exists(_handoffs)
ACCEPTED = Exists(_handoffs.filter(state=HandoffState.ACCEPTED))
OPPORTUNITY = Exists(_deals)
STILL_OPEN = Exists(_deals.filter(state=DealState.OPEN))
CUSTOMER = Exists(_deals.filter(state=DealState.WON))
