"""What a source says of people → fields of leads, by a mapping that can be changed for each source."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from leads.enums import ImportKind, ImportPolicy
from leads.ingest.leads import upsert_leads
from leads.ingest.reading import RowReader
from leads.ingest.records import LeadRecord
from leads.ingest.rows import record_of
from leads.ingest.targets import Target, known_names, plain, targets_of
from leads.models import Field, Profile, Source

if TYPE_CHECKING:
    from leads.ingest.tracking.receive import Receipt

MOST_TRAITS = 200
LONGEST_NAME = 100
DEEPEST = 3
LONGEST_VALUE = 1000
# Where the protocol means something else than a file with such a column.
OF_THE_PROTOCOL: dict[str, str | None] = {
    "name": "name", "id": None, "user id": None, "source": None, "created at": None, "owner": None,
    "company name": "company.name", "company employee count": "company.employees", "company plan": None,
    "company id": None, "company website": "company.website", "company domain": "company.domain",
    "company employees": "company.employees", "company size": "company.employees", "employees": "company.employees",
    "address country": "country", "address city": "city", "address": None, "username": None,
}  # fmt: skip
NEVER = ("external_id", "owner", "created_at")
FIRST = ("source", "campaign")  # the first visit tells them, unless somebody says which trait does
SALUTATIONS = {"mr", "mrs", "ms", "miss", "dr", "herr", "frau", "sir", "madam"}

# {trait: [value, when it was said]}
Said = dict[str, list[Any]]


def suggested(trait: str, fields: Sequence[Field], kind: str = ImportKind.LEADS) -> str | None:
    """The field a trait goes to unless the source says otherwise; None: it is kept and not used."""
    name = plain(trait)
    if kind == ImportKind.LEADS and name in OF_THE_PROTOCOL:
        return OF_THE_PROTOCOL[name]
    key = known_names(kind, fields).get(name)
    return None if key in (*NEVER, *FIRST) else key


def choices(fields: Sequence[Field]) -> dict[str, Target]:
    """The fields that a trait may go to."""
    found = targets_of(ImportKind.LEADS, fields)
    return {key: target for key, target in found.items() if not key.startswith("new.") and key not in NEVER}


def take(source: Source, receipts: Sequence["Receipt"], inherited: Sequence[tuple[int, dict[str, Any]]]) -> None:
    """Put what the messages say of their leads on them; receipts get a note of what could not be read.

    A value counts when it is said later than the one before (leads.models.Profile).
    """
    said: dict[int, Said] = {}
    by_lead: dict[int, list[Receipt]] = {}
    for lead, old in inherited:
        said[lead] = newest(said.get(lead, {}), old)
    visitors: dict[str, Said] = {}
    for receipt in receipts:
        message = receipt.message
        if not message.traits:
            continue
        now = stamped(message.traits, message.occurred_at)
        if receipt.lead:
            said[receipt.lead] = newest(said.get(receipt.lead, {}), now)
            by_lead.setdefault(receipt.lead, []).append(receipt)
        elif message.anonymous_id:
            visitors[message.anonymous_id] = newest(visitors.get(message.anonymous_id, {}), now)
    _remember(source, "visitor", visitors)
    news = _remember(source, "lead_id", said)
    if news:
        _put(source, news, by_lead)


def flat(said: Mapping[str, Any], prefix: str = "", depth: int = 1) -> Iterator[tuple[str, Any]]:
    """Traits by name, those inside others as company.name; what is empty says nothing."""
    for name, value in said.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict) and depth < DEEPEST:
            yield from flat(value, f"{path}.", depth + 1)
        elif isinstance(value, list):
            items = [str(item) for item in value if isinstance(item, str | int | float)]
            if items:
                yield path, ";".join(items)[:LONGEST_VALUE]
        elif isinstance(value, str | int | float) and value != "":
            yield path, value[:LONGEST_VALUE] if isinstance(value, str) else value


def stamped(traits: Mapping[str, Any], at: datetime) -> Said:
    moment = at.astimezone(UTC).isoformat()
    named = ((name, value) for name, value in flat(traits) if len(name) <= LONGEST_NAME)
    return {name: [value, moment] for name, value in list(named)[:MOST_TRAITS]}


def newest(one: Said, other: Said) -> Said:
    """Of each trait what was said last. Of two said at the same moment always the same one."""
    merged = dict(one)
    for name, value in other.items():
        if name not in merged or _order(value) > _order(merged[name]):
            merged[name] = value
    return merged


def _order(said: list[Any]) -> tuple[datetime, str]:
    return datetime.fromisoformat(said[1]), json.dumps(said[0])


def news_of(before: Said, said: Said) -> tuple[Said, dict[str, Any]]:
    """(what is known then, the values that are new)."""
    after = newest(before, said)
    if len(after) > MOST_TRAITS:
        after = {name: value for name, value in after.items() if name in before}
    news = {name: value[0] for name, value in after.items() if name not in before or before[name][0] != value[0]}
    return after, news


def _remember(source: Source, key: str, said: Mapping[Any, Said]) -> dict[Any, dict[str, Any]]:
    """Keep what is said last; the news. The leads are locked by the caller, visitors too (sql.lock_visitors)."""
    if not said:
        return {}
    known = {getattr(p, key): p for p in Profile.objects.filter(source=source, **{f"{key}__in": list(said)})}
    made, changed, all_news = [], [], {}
    for whom, now in sorted(said.items()):
        profile = known.get(whom)
        before = profile.traits if profile else {}
        after, news = news_of(before, now)
        if profile is None:
            made.append(Profile(source=source, traits=after, **{key: whom}))
        elif after != before:
            profile.traits = after
            changed.append(profile)
        if news:
            all_news[whom] = news
    Profile.objects.bulk_create(made)
    Profile.objects.bulk_update(changed, ["traits"], batch_size=500)
    return all_news


def _put(source: Source, news: Mapping[int, Mapping[str, Any]], by_lead: Mapping[int, list["Receipt"]]) -> None:
    reading = Reading(source.mapping)
    records = []
    for lead, values in news.items():
        record, wrong = reading.record(values)
        if record.values or record.company:
            records.append(replace(record, lead=lead))
        for receipt in by_lead.get(lead, [])[-1:]:
            receipt.reason = " ".join(filter(None, [receipt.reason, wrong]))[:500]
    if records:
        outcomes = upsert_leads(source, records, policy=ImportPolicy.FILE_WINS)
        for told, outcome in zip(records, outcomes, strict=True):
            for receipt in by_lead.get(told.lead or 0, [])[-1:]:
                notes = (f"{name}: {why}" for name, why in outcome.notes)
                receipt.reason = " ".join(filter(None, [receipt.reason, *notes]))[:500]


class Reading:
    """Reads traits by the mapping of a source. `mapping` says where it differs from what is suggested."""

    def __init__(self, mapping: Mapping[str, str | None], kind: str = ImportKind.LEADS):
        self.kind = kind
        self.mapping = mapping
        self.fields = list(Field.objects.all())
        self.targets = targets_of(kind, self.fields)
        self.choices = {
            key: set(map(str, field.choices))
            for field in self.fields
            for key in (f"fields.{field.key}", f"company.fields.{field.key}")
            if field.choices
        }

    def record(self, values: Mapping[str, Any]) -> tuple[LeadRecord | Any, str]:
        """(the record, what could not be read)."""
        columns = [name for name, value in values.items() if not _is_salutation(name, value)]
        mapping = {name: self._target(name) for name in columns}
        reader = RowReader(columns, mapping, self.targets, {}, {}, self.choices)
        read, problems = reader.read([_text(values[name]) for name in columns])
        record = record_of(self.kind, read)
        if isinstance(record, LeadRecord):
            record = replace(record, external_ids=())
        return record, " ".join(f"{problem.column}: {problem.message}" for problem in problems)

    def _target(self, name: str) -> str | None:
        if name in self.mapping:
            return self.mapping[name] if self.mapping[name] in self.targets else None
        return suggested(name, self.fields, self.kind)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _is_salutation(name: str, value: Any) -> bool:
    return plain(name) == "title" and str(value).strip(" .").lower() in SALUTATIONS
