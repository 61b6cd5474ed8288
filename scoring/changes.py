"""What changed a lead's score, and why: the entries of its history in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from leads.enums import Cause
from leads.models import LedgerLine
from leads.templatetags.ui import label_word, signed
from scoring.ledgers import limit_words
from scoring.models import Entry, Version

PAGE = 10
NAMED = 4  # criteria that are named in one change; the rest is counted


@dataclass(frozen=True)
class Change:
    """One entry. `by` is the change of the total; None where there was no score before or is none after."""

    entry: Entry
    words: str
    by: int | None


@dataclass(frozen=True)
class History:
    """A page of changes, the newest first, and the sums since `since`. They add up to `total - before`."""

    changes: list[Change]
    older: int | None
    since: datetime
    before: int | None
    total: int | None
    sums: dict[str, int]
    count: int

    @property
    def causes(self) -> list[tuple[str, str, int]]:
        """Key, word and points of every cause that people look for, and of others that played a part."""
        always = (Cause.ACTIVITY, Cause.CORRECTION, Cause.DECAY, Cause.RULES)
        return [
            (cause.value, cause.label.lower(), self.sums.get(cause, 0))
            for cause in Cause if cause in always or self.sums.get(cause)
        ]  # fmt: skip


def history_of(lead: int, *, days: int, before: int | None = None) -> History:
    """The changes of a lead, PAGE at a time: those with a number below `before`, or the newest. Six queries."""
    since = timezone.now() - timedelta(days=days)
    entries = Entry.objects.filter(lead=lead).order_by("-seq")
    rows = list((entries.filter(seq__lt=before) if before else entries)[: PAGE + 1])
    recent = entries.filter(recorded_at__gte=since)
    first = recent.order_by("seq").values_list("total_before", flat=True)[:1]
    newest = entries.values_list("total", flat=True)[:1]
    total = next(iter(newest), None)
    gained = Coalesce(F("total"), 0) - Coalesce(F("total_before"), 0)
    sums = dict(recent.order_by().values_list("cause").annotate(points=Sum(gained)))
    return History(
        changes_of(rows, page=PAGE),
        rows[PAGE - 1].seq if len(rows) > PAGE else None,
        since,
        next(iter(first), total),
        total,
        sums,
        rows[0].seq if rows and not before else entries.count(),
    )


def changes_of(rows: Sequence[Entry], *, page: int) -> list[Change]:
    """The first `page` entries, newest first, in words; the row after them says what the last one changed from."""
    ids = {entry.version_id for entry in rows if entry.version_id}
    lines, versions = LedgerLine.objects.of(ids), Version.objects.select_related("model").in_bulk(ids)
    pairs = zip(rows, [*rows, None][1:], strict=True)
    return [
        Change(entry, words(entry, earlier, lines, versions), _gain(entry)) for entry, earlier in list(pairs)[:page]
    ]  # fmt: skip


def words(entry: Entry, earlier: Entry | None, lines: dict[int, list[LedgerLine]], versions: dict[int, Version]) -> str:
    """What happened: "Asked for pricing +18, cap −2", "Version 7 published", "First score"."""
    if entry.version_id is None:
        return "Left every audience"
    version = versions[entry.version_id]
    if earlier is None:
        return f"First score, by version {version.number}"
    if earlier.version_id is None:
        return f"Joined the audience of {version.model}"
    if earlier.version_id == entry.version_id:
        return "; ".join(
            filter(None, [_by_hand(entry, earlier), _differences(lines[entry.version_id], earlier, entry)])
        )
    before = versions[earlier.version_id]
    if before.model_id != version.model_id:
        return f"Now scored by {version.model}, version {version.number}"
    verb = "published" if version.number > before.number else "brought back"
    return f"Version {version.number} {verb}"


def _by_hand(entry: Entry, earlier: Entry) -> str:
    """What a person did to the label, if that is what changed."""
    if entry.cause != Cause.OVERRIDE:
        return ""
    if entry.automatic_label is None:
        return f"Label no longer set by hand: {label_word(entry.label)}"
    return f"Label set to {label_word(entry.label)} by hand, by its score {label_word(entry.automatic_label)}"


def _differences(lines: Sequence[LedgerLine], earlier: Entry, entry: Entry) -> str:
    before, after = earlier.points, entry.points
    changed = [
        (limit_words(line, new), new - old)
        for line, old, new in zip(lines, before, after, strict=True) if new != old
    ]  # fmt: skip
    changed.sort(key=lambda change: -abs(change[1]))
    parts = [f"{name} {signed(by)}" for name, by in changed[:NAMED]]
    if len(changed) > NAMED:
        rest = sum(by for _, by in changed[NAMED:])
        parts.append(f"{len(changed) - NAMED} more {signed(rest)}")
    return ", ".join(parts) or ("" if entry.cause == Cause.OVERRIDE else "Same points, other limits")


def _gain(entry: Entry) -> int | None:
    return None if entry.total is None or entry.total_before is None else entry.total - entry.total_before
