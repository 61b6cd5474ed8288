"""The handoffs of a lead, for the cards of the lead page."""

from typing import Any

from django import template

from leads.models import Lead
from leads.selling import queue

register = template.Library()


@register.simple_tag(takes_context=True)
def handoff_of(context: dict[str, Any], lead: Lead) -> dict[str, Any]:
    """{% handoff_of lead as work %}: what leads.selling.queue.of_lead says to the user of the page."""
    return queue.of_lead(lead, context["user"])
