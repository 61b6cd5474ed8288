"""The names of a CRM and of an account there, as people know them."""

from django import template

from leads.crm.registry import CONNECTORS
from leads.crm.sync.accounts import named

register = template.Library()


@register.filter
def crm_name(slug: str) -> str:
    """hubspot → HubSpot; of a CRM that this installation does not have, the slug."""
    return CONNECTORS[slug].name if slug in CONNECTORS else slug


@register.filter
def account(said: str) -> str:
    """An account, with the day it was made instead of the moment."""
    return named(said)
