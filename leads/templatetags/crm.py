"""The name of a CRM, as people know it."""

from django import template

from leads.crm.registry import CONNECTORS

register = template.Library()


@register.filter
def crm_name(slug: str) -> str:
    """hubspot → HubSpot; of a CRM that this installation does not have, the slug."""
    return CONNECTORS[slug].name if slug in CONNECTORS else slug
