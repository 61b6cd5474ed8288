"""Who each message is about: leads known or made, visitors who become known, two that turn out to be one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from leads.enums import Stage
from leads.ingest.people import Found, Key, Known, Touch, leads_of, lock_leads, look_up
from leads.ingest.tracking import sql
from leads.ingest.tracking.calls import Message
from leads.models import Call, Deal, Event, Handoff, Lead, LeadIdentity, Profile, Source

USER, ANONYMOUS = LeadIdentity.USER, LeadIdentity.ANONYMOUS


@dataclass
class People:
    """The leads of a batch. `joined`: how many events of visitors came to their leads. `notes` by id of the message.

    `inherited`: what was said of leads that are one with another now, as (lead, traits of its profile).
    """

    leads: dict[Key, Found] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    inherited: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    joined: int = 0

    def lead_of(self, message: Message) -> Found | None:
        return next((self.leads[key] for key in keys_of(message) if key in self.leads), None)


def keys_of(message: Message) -> list[Key]:
    """What the person is known by, surest first. A previous id may be of either kind."""
    keys: list[Key] = [(USER, message.user_id), ("email", message.email)]
    if message.previous_id:
        keys += [(USER, message.previous_id), (ANONYMOUS, message.previous_id)]
    keys.append((ANONYMOUS, message.anonymous_id))
    return [key for key in dict.fromkeys(keys) if key[1]]


def resolve(source: Source, messages: Sequence[Message]) -> People:
    """The leads of the messages, made where a user id or an address is new.

    A visitor with an anonymous id alone has no lead. As soon as one message names both, all they did before is theirs.
    """
    _share_addresses(messages)
    people = People()
    named = sorted((message for message in messages if message.identified), key=lambda m: m.occurred_at)
    everybody = {key for message in messages for key in keys_of(message)}
    before = look_up(source, everybody)
    newly = {value for m in named for kind, value in keys_of(m) if kind == ANONYMOUS and (kind, value) not in before}
    alone = {m.anonymous_id for m in messages if not m.identified and (ANONYMOUS, m.anonymous_id) not in before}
    sql.lock_visitors(source.pk, waiting=alone - {""}, known={str(value) for value in newly})
    if newly or alone:
        before = look_up(source, everybody)
    _unite(source, named, before, people)
    people.leads = _visitors(before)
    _make(source, named, before, {str(value) for value in newly}, messages, people)
    return people


def _visitors(known: Known) -> dict[Key, Found]:
    """The leads of the anonymous ids. What came with a merged lead is held, lest the merge be undone meanwhile."""
    found = {key: _found(known, key) for key in known if key[0] == ANONYMOUS}
    held = lock_leads(one.owner for one in found.values() if one.came_by)
    now = {key: one.at(held.get(one.owner)) if one.came_by else one for key, one in found.items()}
    return {key: one for key, one in now.items() if one}


def _found(known: Known, key: Key) -> Found:
    return Found(known[key].pk, known.came_by.get(key))


def _share_addresses(messages: Iterable[Message]) -> None:
    """A user named with an address in one message of the batch has it in all, whatever their order."""
    addresses = {m.user_id: m.email for m in messages if m.user_id and m.email}
    for message in messages:
        message.email = message.email or addresses.get(message.user_id, "")


def _make(
    source: Source, named: list[Message], before: Known, newly: set[str], messages: Sequence[Message], people: People
) -> None:
    if not named:
        return
    browsers = _Browsers(source, named, before)
    known_by = [browsers.keys_of(message) for message in named]
    found = _known(known_by, before) or leads_of(source, known_by, _touches(source, known_by, newly, messages))
    visitors: dict[str, Found] = {}
    for keys, lead in zip(known_by, found, strict=True):
        if lead is None:
            continue
        for key in keys:
            mine = people.leads.setdefault(key, lead).lead == lead.lead
            if mine and key[0] == ANONYMOUS and key[1] in newly:
                visitors[str(key[1])] = lead
    if visitors:
        people.joined = sql.join_visits(source.pk, visitors)
        profiles = Profile.objects.filter(source=source, visitor__in=visitors)
        people.inherited += [(visitors[profile.visitor].lead, profile.traits) for profile in profiles]
        profiles.delete()


def _known(known_by: list[list[Key]], before: Known) -> list[Found | None]:
    """The leads, locked, where nothing about anybody is new, as in most batches; else nothing."""
    if any(key not in before for keys in known_by for key in keys):
        return []
    found = [_found(before, keys[0]) for keys in known_by]
    held = lock_leads(one.owner for one in found)
    return list(found) if all(one.at(held.get(one.owner)) == one for one in found) else []


class _Browsers:
    """Whose an anonymous id is. Where another person signs in at the same computer, it stays with the first."""

    def __init__(self, source: Source, named: list[Message], before: Known):
        self.users: dict[str, set[str]] = {}
        self.emails: dict[str, str] = {}
        visitors = {message.anonymous_id for message in named}
        leads = {visitor: before[ANONYMOUS, visitor] for visitor in visitors if (ANONYMOUS, visitor) in before}
        users: dict[int, set[str]] = {}
        known = LeadIdentity.objects.filter(source=source, kind=USER, lead__in={lead.pk for lead in leads.values()})
        for pk, user in known.values_list("lead", "value"):
            users.setdefault(pk, set()).add(user)
        for visitor, lead in leads.items():
            self.users[visitor], self.emails[visitor] = set(users.get(lead.pk, ())), lead.email

    def keys_of(self, message: Message) -> list[Key]:
        """The keys of the person, without the anonymous id where it is somebody else's. Asked in order of time."""
        visitor, users = message.anonymous_id, self.users.setdefault(message.anonymous_id, set())
        email = self.emails.setdefault(visitor, message.email)
        another = bool(message.user_id and users and message.user_id not in users)
        another |= bool(message.email and email and message.email != email and message.user_id not in users)
        if another and message.type != "alias":
            return [key for key in keys_of(message) if key != (ANONYMOUS, visitor)]
        users |= {message.user_id} - {""}
        self.emails[visitor] = email or message.email
        return keys_of(message)


def _touches(
    source: Source, people: Sequence[Sequence[Key]], newly: set[str], messages: Sequence[Message]
) -> list[Touch]:
    """How each person came first: by a visit that waited for them, else by a message of this batch."""
    first: dict[Key, Touch] = {}
    if newly:
        first = {(ANONYMOUS, visitor): touch for visitor, touch in sql.first_touches(source.pk, sorted(newly)).items()}
    for message in sorted(messages, key=lambda m: m.occurred_at):
        if any(message.touch):
            for key in keys_of(message):
                first.setdefault(key, message.touch)
    return [next((first[key] for key in reversed(keys) if key in first), Touch()) for keys in people]


def _unite(source: Source, named: list[Message], known: Known, people: People) -> None:
    """Where a message names two leads: one that nobody knows anything about becomes part of the other."""
    for message in named:
        sure = [key for key in keys_of(message) if key in known and key != (ANONYMOUS, message.anonymous_id)]
        leads = {known[key].pk: known[key] for key in sure}
        while len(leads) > 1:
            kept, other = list(leads.values())[:2]
            if _is_thin(other.pk):
                gone, stays = other, kept
            elif _is_thin(kept.pk):
                gone, stays = kept, other
            else:
                people.notes[id(message)] = f"Names two leads, {kept} and {other}. Merge them if they are one."
                break
            people.inherited += _absorb(source, gone.pk, stays.pk)
            del leads[gone.pk]
            known |= {key: stays for key, lead in known.items() if lead.pk == gone.pk}


def _is_thin(lead: int) -> bool:
    """Known to a program only: no address, and nobody has worked with it."""
    untouched = Lead.objects.filter(pk=lead, email="", owner=None, stage=Stage.NEW, merged=None)
    return (
        untouched.exists()
        and not Handoff.objects.filter(lead=lead).exists()
        and not Deal.objects.filter(lead=lead).exists()
    )


def _absorb(source: Source, gone: int, stays: int) -> list[tuple[int, dict[str, Any]]]:
    """All that one lead did and is known by becomes the other's. What was said of it, to be said of the other."""
    list(Lead.objects.filter(pk__in=(gone, stays)).order_by("pk").select_for_update())
    inherited = [(stays, profile.traits) for profile in Profile.objects.filter(source=source, lead=gone)]
    Event.objects.filter(lead=gone).update(lead=stays)
    LeadIdentity.objects.filter(lead=gone).update(lead=stays)
    Call.objects.filter(lead=gone).update(lead=stays)
    company = Lead.objects.filter(pk=gone).values_list("company", flat=True).get()
    Lead.objects.filter(pk=stays, company=None).update(company=company)
    Lead.objects.filter(pk=gone).delete()
    return inherited
