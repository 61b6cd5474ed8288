"""A figure in a table, a label in words and colour: {% load cells %}."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from leads.enums import Label
from leads.templatetags.ui import label_word, temperature
from reports.tables import Cell

register = template.Library()


@register.filter
def figure(cell: Cell) -> SafeString:
    """As a page draws it. No template of its own: a page has hundreds, and each would take four times as long."""
    if cell.label is not None:
        return coloured(cell.label)
    text = format_html('<a href="{}">{}</a>', cell.url, cell.text) if cell.url else cell.text
    lines = [[line] for line in (cell.small, cell.span) if line]
    below = format_html_join(" ", '<span class="nowrap">{}</span>', lines)
    if below:
        text = format_html('{}<br><small class="muted asneeded">{}</small>', text, below)
    if cell.tone:
        return format_html('<span class="{}">{}</span>', cell.tone, text)
    return format_html("<span>{}</span>", text)


@register.filter
def coloured(label: str) -> SafeString:
    """The word of a label, Not scored of none, in its colour where it has one."""
    has_colour = label and label != Label.DISQUALIFIED
    style = f"grade {temperature(label)}" if has_colour else "muted"
    return format_html('<span class="{}">{}</span>', style, label_word(label))
