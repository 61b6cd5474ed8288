"""A comment as it is shown."""

from datetime import datetime

from django import template

from leads import mentions, talk
from leads.models import Comment

register = template.Library()


@register.filter
def pieces(comment: Comment) -> list[tuple[str, bool]]:
    """The text in pieces: (words, whether they mention somebody)."""
    return mentions.pieces(comment.text, comment.mentioned.all())


@register.filter
def earlier(comment: Comment) -> list[tuple[str, datetime]]:
    """What it said before: (text, until when)."""
    return [(text, talk.moment_of(until)) for text, until in comment.earlier]
