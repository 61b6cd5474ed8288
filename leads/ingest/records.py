"""What comes in, whatever channel it came by, and what became of each record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class EventRecord:
    """Somebody did something. Say who by at least one of: lead, external_id, user_id, email, anonymous_id.

    `kind` is any name ("Page Viewed" becomes page_viewed). Without `occurred_at` it happened now. The same
    `message_id` counts once per source for ever; without one every record counts.
    """

    kind: str
    occurred_at: datetime | None = None
    message_id: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)
    lead: int | None = None
    email: str = ""
    external_id: str = ""
    user_id: str = ""
    anonymous_id: str = ""


@dataclass(frozen=True, slots=True)
class LeadRecord:
    """A person, by normalised values (leads/ingest/reading.py makes them).

    `values` has names of Lead's fields, "owner" (a User) and "fields.<key>" for custom fields; `company` the same of
    Company. Values that are absent or empty say nothing. Matched by `lead`, the id of one found already, by external
    id, then by e-mail. `employer` is the id of a company found already, which then is the lead's, whatever `company`
    says. `policy` is for this record alone (a value of ImportPolicy); empty: as for the others.
    """

    values: Mapping[str, Any]
    company: Mapping[str, Any] = field(default_factory=dict)
    external_ids: tuple[str, ...] = ()
    policy: str = ""
    lead: int | None = None
    employer: int | None = None


@dataclass(frozen=True, slots=True)
class CompanyRecord:
    """An employer: names of Company's fields and "fields.<key>".

    Matched by `company`, the id of one found already, by domain, then by name.
    """

    values: Mapping[str, Any]
    company: int | None = None


@dataclass(frozen=True, slots=True)
class DealRecord:
    """An outcome, matched by external id within its source; without one, by its name, lead and company.

    `values`: name, stage, state, pipeline, amount, lost_reason, opened_at, closed_at, owner, "fields.<key>". Without
    a state the words of the stage decide. `employer` is the id of a company found already. `known_at` is when its
    state became known, where that was before now.
    """

    values: Mapping[str, Any]
    external_id: str = ""
    lead: int | None = None
    email: str = ""
    lead_external_id: str = ""
    company: Mapping[str, Any] = field(default_factory=dict)
    employer: int | None = None
    known_at: datetime | None = None


class Result(StrEnum):
    """Events are stored, duplicate or rejected; everything else created, updated, unchanged or rejected."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass(slots=True)
class Outcome:
    """What became of one record. `pk` is the row that holds it (of an event: the event; None for a duplicate).

    `reason` says why it was rejected and what to do. `notes` are (field, what was left out and why).
    """

    result: Result
    reason: str = ""
    pk: int | None = None
    lead: int | None = None
    notes: list[tuple[str, str]] = field(default_factory=list)

    @property
    def rejected(self) -> bool:
        return self.result == Result.REJECTED


def rejected(reason: str) -> Outcome:
    return Outcome(Result.REJECTED, reason)
