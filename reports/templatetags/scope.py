"""What a report is about, in words: {% load scope %}."""

from django import template

from reports.scope import NONE, Scope

register = template.Library()


@register.filter
def narrowed(scope: Scope, given: str) -> str:
    """What stands after its days: EMEA, labelled by Inbound, from Fair. `given`: what a model did, such as labelled."""
    words = [str(scope.team or "all your teams")]
    if scope.model:
        words.append(f"{given} by {scope.model}")
    if scope.source:
        words.append("source not known" if scope.source == NONE else f"from {scope.source}")
    return ", ".join(words)
