"""Taking events out of the count and putting them back. The database makes their leads due, as a correction."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from leads.ingest.people import lock_leads
from leads.models import Event, Quarantine, QuarantineRule, User
from leads.quality.scanners import Act, suspects
from leads.retry import retried
from leads.signals import leads_due

LINKS = ("url", "link", "href", "path")
AGENTS = ("user_agent", "userAgent", "agent")


def judge(since: Mapping[int, int]) -> int:
    """Look at what these leads did from the day before {lead: day} on: take out or put back what the rules now say.

    Returns how many events changed.
    """
    differing = {lead for lead, wrong in _verdicts(since).items() if wrong}
    return _settle({lead: since[lead] for lead in differing}) if differing else 0


@retried
@transaction.atomic
def _settle(since: Mapping[int, int]) -> int:
    """Judged again while the leads are held, so that two who look at one lead agree."""
    lock_leads(since)
    out: dict[int, str] = {}
    back: list[int] = []
    for wrong in _verdicts(since).values():
        out |= {pk: rule for pk, rule in wrong.items() if rule}
        back += [pk for pk, rule in wrong.items() if not rule]
    return _take_out(out) + _put_back(back)


@retried
@transaction.atomic
def quarantine(events: Iterable[int], *, by: User) -> int:
    """Take these events out by hand. Returns how many counted until now."""
    ids = _held(events)
    return _take_out(dict.fromkeys(ids, QuarantineRule.HAND.value), by=by)


@retried
@transaction.atomic
def release(events: Iterable[int], *, by: User) -> int:
    """Put these events back for good: no rule takes them out again. Returns how many did not count until now."""
    return _put_back(_held(events), by=by)


def _held(events: Iterable[int]) -> list[int]:
    """The events, while nobody else touches their leads."""
    rows = Event.objects.filter(pk__in=list(events))
    lock_leads(set(rows.values_list("lead", flat=True)))
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _take_out(rules: Mapping[int, str], by: User | None = None) -> int:
    ids = list(Event.objects.filter(pk__in=rules, quarantined=False).values_list("pk", flat=True))
    if not ids:
        return 0
    Event.objects.filter(pk__in=ids).update(quarantined=True)
    Quarantine.objects.bulk_create(Quarantine(event_id=pk, rule=rules[pk], by=by) for pk in ids)
    leads_due.send(sender=quarantine)
    return len(ids)


def _put_back(events: Collection[int], by: User | None = None) -> int:
    rows = list(Event.objects.filter(pk__in=events, quarantined=True).values_list("pk", "received_at"))
    if not rows:
        return 0
    ids, now = [pk for pk, _ in rows], timezone.now()
    Event.objects.filter(pk__in=ids).update(quarantined=False)
    held = Quarantine.objects.held().filter(event__in=ids)
    known = set(held.values_list("event", flat=True))
    held.update(released_at=now, released_by=by)
    Quarantine.objects.bulk_create(  # taken out by a program that left no row
        Quarantine(event_id=pk, rule=QuarantineRule.HAND, at=at, released_at=now, released_by=by)
        for pk, at in rows if pk not in known
    )  # fmt: skip
    leads_due.send(sender=release)
    return len(ids)


def _verdicts(since: Mapping[int, int]) -> dict[int, dict[int, str]]:
    """{lead: {event: rule, or "" to put it back}} of the events whose mark differs from what the rules say."""
    rows = _events(since)
    acts: dict[int, list[Act]] = defaultdict(list)
    for row in rows:
        acts[row["lead_id"]].append(_act(row))
    said = {pk: rule for done in acts.values() for pk, rule in suspects(done).items()}
    decided = _by_people([row["id"] for row in rows if row["quarantined"] or row["id"] in said])
    wrong: dict[int, dict[int, str]] = {}
    for row in rows:
        pk, rule = row["id"], said.get(row["id"], "")
        judged = row["day"] >= since[row["lead_id"]] - 1
        if judged and pk not in decided and bool(rule) != row["quarantined"]:
            wrong.setdefault(row["lead_id"], {})[pk] = rule
    return wrong


def _events(since: Mapping[int, int]) -> list[Any]:
    """From two days before on: what is said of an event may lie on the other side of midnight."""
    windows: dict[int, list[int]] = defaultdict(list)
    for lead, day in since.items():
        windows[day].append(lead)
    asked = Q(pk__in=[])
    for day, leads in windows.items():
        asked |= Q(lead__in=leads, day__gte=day - 2)
    rows = Event.objects.filter(asked).annotate(slug=F("kind__slug")).order_by()
    return list(rows.values("id", "lead_id", "day", "slug", "occurred_at", "properties", "quarantined"))


def _act(row: Mapping[str, Any]) -> Act:
    said = row["properties"] if isinstance(row["properties"], dict) else {}
    return Act(row["id"], row["slug"], row["occurred_at"], _text(said, LINKS), _text(said, AGENTS))


def _text(properties: Mapping[str, Any], names: Iterable[str]) -> str:
    return next((value for name in names if isinstance(value := properties.get(name), str) and value), "")


def _by_people(events: Collection[int]) -> set[int]:
    """Those of the events about which a person has decided, or a program that left no row: the rules leave them."""
    rows = Quarantine.objects.filter(event__in=events)
    people = rows.filter(Q(released_by__isnull=False) | Q(by__isnull=False)).values_list("event", flat=True)
    held = Quarantine.objects.held().filter(event=OuterRef("pk"))
    without_row = Event.objects.filter(pk__in=events, quarantined=True).exclude(Exists(held))
    return {*people, *without_row.values_list("pk", flat=True)}
