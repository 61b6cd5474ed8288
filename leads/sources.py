"""Sources as people see them: what came in, what was refused, and what was said of leads."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Max, Sum
from django.utils import timezone

from leads.ingest.mail import PROVIDERS, Provider
from leads.ingest.tracking.throttle import limited_at
from leads.ingest.tracking.traits import suggested
from leads.models import Event, Field, MailHook, Profile, Source, SourceDay
from leads.models.event import day_number
from leads.outgoing.sealing import is_readable
from leads.timeline import held_quarantine, why

DAYS = 14
WEEK = 7
PROFILES_LOOKED_AT = 300


@dataclass
class SourceRow:
    """A source and its last two weeks. `days`: records taken on each day, oldest first."""

    source: Source
    last_at: datetime | None = None
    rejected: int = 0
    days: list[int] = field(default_factory=lambda: [0] * DAYS)

    @property
    def today(self) -> int:
        return self.days[-1]

    @property
    def per_day(self) -> int:
        """Of the last seven days, the present one included."""
        return round(sum(self.days[-WEEK:]) / WEEK)


def source_rows(sources: Sequence[Source]) -> list[SourceRow]:
    """The rows of these sources. Two queries."""
    rows = {source.pk: SourceRow(source) for source in sources}
    today = day_number(timezone.now())
    counted = SourceDay.objects.filter(source__in=rows)
    for source, at in counted.values_list("source").annotate(at=Max("last_at")):
        rows[source].last_at = at
    recent = counted.filter(day__gt=today - DAYS).values("source", "day")
    for day in recent.annotate(taken=Sum("accepted") + Sum("waiting"), refused=Sum("rejected")):
        row, place = rows[day["source"]], DAYS - 1 - (today - day["day"])
        if 0 <= place < DAYS:
            row.days[place] = day["taken"]
            row.rejected += day["refused"] if place >= DAYS - WEEK else 0
    return list(rows.values())


def limited(source: Source) -> datetime | None:
    """When the source was last told to wait, if that was in the last minutes."""
    at = limited_at(source.pk)
    return datetime.fromtimestamp(at, timezone.get_default_timezone()) if at else None


def mark_not_counted(source: Source, calls: Sequence[Any]) -> None:
    """Each call gets `not_counted`: why its event is in quarantine, or nothing."""
    events = Event.objects.filter(source=source, quarantined=True, lead__in={call.lead_id for call in calls})
    events = events.filter(occurred_at__in={call.occurred_at for call in calls}).prefetch_related(held_quarantine())
    reasons = {(event.lead_id, event.occurred_at): why(event) for event in events}
    for call in calls:
        call.not_counted = reasons.get((call.lead_id, call.occurred_at), "")


@dataclass(frozen=True)
class TraitRow:
    """A trait that came in: its latest value, where it goes, and where it would go by itself."""

    name: str
    sample: str
    key: str
    suggested: str


def trait_rows(source: Source) -> list[TraitRow]:
    """The traits of the profiles that changed last, and those that are mapped by hand."""
    samples: dict[str, Any] = dict.fromkeys(source.mapping, "")
    for profile in Profile.objects.filter(source=source).order_by("-updated_at")[:PROFILES_LOOKED_AT]:
        for name, (value, _) in profile.traits.items():
            samples[name] = samples.get(name) or value
    fields = list(Field.objects.all())
    suggestions = {name: suggested(name, fields) or "" for name in samples}
    return [
        TraitRow(name, str(sample), source.mapping.get(name, suggestions[name]) or "", suggestions[name])
        for name, sample in sorted(samples.items())
    ]


@dataclass(frozen=True)
class MailRow:
    """The webhook of an e-mail provider as it is set up. `address` has user and password in it just after they were
    made; `readable` is False when the secret has to be entered again."""

    hook: MailHook
    provider: Provider
    address: str
    hint: str
    readable: bool
    shown: bool
    wrong: str


def mail_rows(source: Source, host: str, shown: tuple[int, str], wrong: tuple[int, str]) -> list[MailRow]:
    """The open webhooks of a source. `shown`, `wrong`: (id, password just made) and (id, what is wrong)."""
    rows = []
    for hook in source.mail_hooks.filter(closed_at=None):
        password = shown[1] if shown[0] == hook.pk else ""
        at = host.replace("://", f"://{password}@", 1) if password else host
        address = f"{at}/hooks/email/{hook.provider}/?key={hook.key}"
        hint, wrong_here = str(getattr(hook.secret, "hint", "")), wrong[1] if wrong[0] == hook.pk else ""
        readable = is_readable(hook, "secret")
        rows.append(MailRow(hook, PROVIDERS[hook.provider], address, hint, readable, bool(password), wrong_here))
    return rows
