"""How values look on pages. A built-in of every template: nothing has to be loaded."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone

from leads import charts
from leads.enums import Label, Stage
from leads.ingest.normalise.countries import country_name

register = template.Library()

UNKNOWN = "–"
MINUS = "−"


@register.filter
def number(value: Any) -> str:
    """3862 → 3,862; −5 with a real minus; unknown → –."""
    return UNKNOWN if value is None or value == "" else f"{value:,}".replace("-", MINUS)


@register.filter
def upto(count: int, cap: int = 10_000) -> str:
    """A count that was cut off (leads.keyset.capped_count): 10001 → 10,000+."""
    return f"{cap:,}+" if count > cap else number(count)


@register.filter
def signed(value: int | None) -> str:
    """8 → +8, -5 → −5, 0 → 0."""
    return UNKNOWN if value is None else f"{value:+,d}".replace("-", MINUS) if value else "0"


@register.filter
def decimal(value: float | None, digits: int = 2) -> str:
    """-0.0031 → −0.003 with 3 digits; what rounds to nothing has no sign. None → –."""
    if value is None:
        return UNKNOWN
    rounded = round(value, digits) + 0.0
    return f"{rounded:,.{digits}f}".replace("-", MINUS)


@register.filter
def percent(share: float | None, digits: int | None = None) -> str:
    """0.195 → 20%; shares under 10% get a decimal, so that 0.4% is not 0%. None → –."""
    if share is None:
        return UNKNOWN
    digits = (1 if 0 < share < 0.1 else 0) if digits is None else digits
    return f"{share * 100:.{digits}f}%"


@register.filter
def points(gap: float | None) -> str:
    """The difference of two shares: 0.062 → +6.2 pts; what rounds to nothing has no sign. None → –."""
    if gap is None:
        return UNKNOWN
    rounded = round(100 * gap, 1) + 0.0
    return f"{rounded:{'+' if rounded else ''}.1f} pts".replace("-", MINUS)


@register.filter
def money(value: Any) -> str:
    """14200 → € 14.2 k; 980 → € 980; 1377400 → € 1,377.4 k; 54300000 → € 54.3 M; unknown → –."""
    if value is None or value == "":
        return UNKNOWN
    amount = Decimal(value)
    if abs(amount) >= 10_000_000:
        return f"€ {amount / 1_000_000:,.1f} M"
    return f"€ {amount:,.0f}" if abs(amount) < 1000 else f"€ {amount / 1000:,.1f} k"


@register.filter
def when(moment: datetime | None) -> str:
    """today, 09:38; then 17 Nov, 18:20; in other years 3 Aug 2025. In the zone of the reader."""
    if moment is None:
        return UNKNOWN
    local, today = timezone.localtime(moment), timezone.localdate()
    if local.date() == today:
        return f"today, {local:%H:%M}"
    return f"{local:%-d %b, %H:%M}" if local.year == today.year else f"{local:%-d %b %Y}"


@register.filter
def day(moment: date | datetime | None) -> str:
    """17 Nov, in other years 3 Aug 2025."""
    if moment is None:
        return UNKNOWN
    here = timezone.localtime(moment).date() if isinstance(moment, datetime) else moment
    return f"{here:%-d %b}" if here.year == timezone.localdate().year else f"{here:%-d %b %Y}"


@register.filter
def ago(moment: datetime | None) -> str:
    """just now, 20 min ago, 3 h ago, yesterday, 6 days ago, then the day."""
    if moment is None:
        return UNKNOWN
    passed = timezone.now() - moment
    if passed < timedelta(minutes=1):
        return "just now"
    if passed < timedelta(hours=1):
        return f"{passed // timedelta(minutes=1)} min ago"
    days = (timezone.localdate() - timezone.localtime(moment).date()).days
    if days < 1 or passed < timedelta(hours=6):
        return f"{passed // timedelta(hours=1)} h ago"
    if days == 1:
        return "yesterday"
    return f"{days} days ago" if days <= 30 else day(moment)


@register.filter
def country(code: str) -> str:
    """DE → Germany; unknown → –."""
    return country_name(code) if code else UNKNOWN


@register.filter
def initials(name: Any) -> str:
    """Ana Maria Ruiz → AR; also for a person, by name or else e-mail address."""
    words = str(name or "").split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


@register.filter
def temperature(label: str) -> str:
    """The class that colours a label: hot, warm, cool or cold."""
    return label if label in (Label.HOT, Label.WARM, Label.COOL) else "cold"


@register.filter
def label_word(label: str) -> str:
    """The word for a label; nothing yet is "Not scored"."""
    return Label(label).label if label in Label.values else "Not scored"


_STAGES = {
    Stage.NEW: "", Stage.NURTURE: "info", Stage.HANDED_OFF: "warn", Stage.ACCEPTED: "ok", Stage.REJECTED: "bad",
    Stage.RESTING: "", Stage.OPPORTUNITY: "ok", Stage.CUSTOMER: "ok",
}  # fmt: skip


@register.inclusion_tag("ui/badge.html")
def stage(value: str) -> dict[str, str]:
    """{% stage lead.stage %}: where a lead is on its way, with the colour of what happened."""
    return {"text": Stage(value).label, "tone": _STAGES[Stage(value)], "dot": "dot"}


@register.inclusion_tag("ui/dial.html")
def dial(total: int | None, label: str = "", size: str = "", of: int = 100) -> dict[str, Any]:
    """{% dial standing.total standing.label %}: the score as a ring with its number; size "xl" for the lead page."""
    filled = 0 if total is None else max(0, min(100, round(total * 100 / of)))
    return {"total": total, "filled": filled, "temperature": temperature(label), "size": size, "of": of}


@register.inclusion_tag("ui/grade.html")
def grade(standing: Any) -> dict[str, Any]:
    """{% grade standing %}: A1 Hot. Also for a handoff's promise, or whatever has grade, label and version."""
    return {
        "grade": standing.grade,
        "label": standing.label,
        "version": standing.version,
        "as_of": getattr(standing, "as_of", None),
        "automatic": getattr(standing, "automatic_label", None),
    }


@register.inclusion_tag("ui/delta.html")
def delta(value: int | None) -> dict[str, Any]:
    """{% delta 16 %}: +16 in green, −2 in red, 0 in grey."""
    return {"value": value, "direction": "up" if value and value > 0 else "down" if value and value < 0 else ""}


@register.inclusion_tag("ui/sla.html")
def sla(clock: Any) -> dict[str, Any]:
    """{% sla handoff.clock %}: what is left of a promised time (leads.selling.sla.Clock)."""
    return {"clock": clock}


@register.inclusion_tag("ui/spark.html")
def spark(scores: Sequence[int], label: str = "") -> dict[str, Any]:
    """{% spark scores standing.label %}: scores of past days, oldest first, as a line. At least one score."""
    drawn = charts.spark(scores)
    assert drawn is not None, "at least one score"
    return {
        "points": drawn.points,
        "last": drawn.last,
        "temperature": temperature(label),
        "words": f"{scores[0]} to {scores[-1]}",
    }


@register.inclusion_tag("ui/bar.html")
def bar(value: float | None, of: float, tone: str = "") -> dict[str, Any]:
    """{% bar 44 50 "hot" %}: a part of a known whole."""
    return {"width": part(value, of), "tone": tone, "value": value, "of": of}


@register.simple_tag
def part(value: float | None, of: float) -> float:
    """{% part 44 50 %}: 88.0, the share in hundredths, never beyond 100."""
    return round(min(1.0, max(0.0, float(value or 0) / float(of))) * 100, 1) if of else 0.0


@register.inclusion_tag("ui/field.html")
def field(bound: Any) -> dict[str, Any]:
    """{% field form.email %}: a form field with label, help and what is wrong."""
    widget = bound.field.widget
    kind = getattr(widget, "input_type", "")
    classes = widget.attrs.get("class", "").split()
    if kind not in ("checkbox", "radio", "file", "hidden") and "input" not in classes:
        widget.attrs["class"] = " ".join([*classes, "input"])
    return {"field": bound, "checkbox": kind == "checkbox" and not bound.use_fieldset}
