"""Who a fact is about: keys → lead, found or made."""

from collections.abc import Iterable, Sequence

from leads.ingest.companies import employers
from leads.ingest.sql import lock_making, update_rows
from leads.ingest.trace import note
from leads.models import Lead, LeadIdentity, Source

# A key is ("lead", id), ("email", address) or (kind of identity, value).
Key = tuple[str, int | str]
IDENTITIES = (LeadIdentity.EXTERNAL, LeadIdentity.USER, LeadIdentity.ANONYMOUS)


def leads_of(
    source: Source, people: Sequence[Sequence[Key]], channels: Sequence[str] | None = None
) -> list[int | None]:
    """The lead of each person, by the first of their keys that is known; made when none is.

    A lead made comes from the channel of its person, or else from the source. Keys not known yet become the lead's.
    None: the person was named by a lead id that this team does not have. The leads are locked, in order of id, until
    the end of the transaction. A handful of queries for any number.
    """
    wanted = {key for keys in people for key in keys}
    known = look_up(source, wanted)
    if wanted - known.keys():
        lock_making(source.team_id)
        known = look_up(source, wanted)
        _settle(source, people, channels or [""] * len(people), known)
    found = [next((known[key].pk for key in keys if key in known), None) for keys in people]
    existing = lock_leads(found)
    return [pk if pk in existing else None for pk in found]


def look_up(source: Source, keys: Iterable[Key]) -> dict[Key, Lead]:
    """The leads of those keys that are known. Three queries."""
    values = [str(value) for kind, value in keys if kind in IDENTITIES]
    identities = LeadIdentity.objects.filter(source=source, kind__in=IDENTITIES, value__in=values)
    by_identity: dict[Key, int] = {
        (kind, value): lead for kind, value, lead in identities.values_list("kind", "value", "lead")
    }
    team = Lead.objects.filter(team_id=source.team_id)
    narrow = ("pk", "email", "team_id")
    by_id = Lead.objects.only(*narrow).in_bulk({*by_identity.values()})
    by_id |= team.only(*narrow).in_bulk([value for kind, value in keys if kind == "lead"])
    emails = [value for kind, value in keys if kind == "email"]
    found: dict[Key, Lead] = {("email", lead.email): lead for lead in team.filter(email__in=emails).only(*narrow)}
    found |= {key: by_id[pk] for key, pk in by_identity.items()}
    found |= {("lead", pk): lead for pk, lead in by_id.items() if lead.team_id == source.team_id}
    return found


def _settle(source: Source, people: Sequence[Sequence[Key]], channels: Sequence[str], known: dict[Key, Lead]) -> None:
    """Make the leads that are not there and give every lead its new keys. `known` is completed."""
    fresh: dict[int, tuple[Key, Lead]] = {}
    named: dict[int, Lead] = {}
    for keys, channel in zip(people, channels, strict=True):
        lead = next((known[key] for key in keys if key in known), None)
        if lead is None and any(kind == "lead" for kind, _ in keys):
            continue
        lead = lead or Lead(team_id=source.team_id, source=channel or source.name)
        for key in keys:
            if key in known:
                continue
            kind, value = key
            if kind == "email" and lead.email:
                continue  # known by another address: this one stays a fact of the event
            if kind == "email":
                lead.email = str(value)
                named[id(lead)] = lead
            fresh[len(fresh)] = (key, lead)
            known[key] = lead
    made = {id(lead): lead for _, lead in fresh.values() if lead.pk is None}
    _save(source, list(made.values()), [lead for mark, lead in named.items() if mark not in made])
    note(
        LeadIdentity.objects.bulk_create(
            LeadIdentity(source=source, lead=lead, kind=kind, value=value)
            for (kind, value), lead in fresh.values()
            if kind in IDENTITIES
        )
    )


def _save(source: Source, made: list[Lead], named: list[Lead]) -> None:
    for lead, company in zip(made, employers(source.team_id, [({}, lead.email) for lead in made]), strict=True):
        lead.company = company
    note(Lead.objects.bulk_create(made))
    update_rows(Lead, named, ["email"])


def lock_leads(found: Iterable[int | None]) -> set[int]:
    """Lock these leads in order of id, until the end of the transaction; those that are there."""
    pks = {pk for pk in found if pk is not None}
    return set(
        Lead.objects.filter(pk__in=pks).order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True)
    )
