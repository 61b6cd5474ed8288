"""The words in which a connector and the rest of the program speak of a CRM: what is asked, what comes, what is wrong.

All times are aware and in UTC. All ids are text.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from leads.outgoing.outcomes import Failed

# (kind, id): one record of a CRM.
Ref = tuple[str, str]
# What an account begins with that is only told apart within its server.
BY_NAME = "named "


class CrmError(Failed):
    """The CRM did not do it; in its own words where it has some."""


class Busy(CrmError):
    """Not now: throttled, away, broken or cut off. `pause`: seconds for which it wants to hear nothing."""

    def __init__(self, reason: str, *, pause: float | None = None, status: int | None = None):
        super().__init__(reason, pause=pause, status=status)


class Denied(CrmError):
    """The key is wrong, was revoked or lacks a right. The words say which, and what to do."""

    def __init__(self, reason: str, *, status: int | None = None):
        super().__init__(reason, permanent=True, status=status)


class NotSigned(Exception):
    """A webhook that this CRM did not send, or sent too long ago."""


@dataclass(frozen=True)
class Setting:
    """A thing the wizard asks for. Secrets are sealed and never shown again; the others are options.

    `kind`: text, url, password, textarea. An url is vetted as every address is (leads/outgoing/addresses.py).
    """

    name: str
    label: str
    help: str = ""
    kind: str = "text"
    required: bool = True
    secret: bool = False
    default: str = ""


@dataclass(frozen=True)
class Access:
    """How a connector gets in. `base_url` without a slash at the end. `options` and `secrets` by the name of Setting.

    `remember(name, text)` keeps a secret that the CRM gave us, such as a refreshed token.
    """

    base_url: str
    options: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    remember: Callable[[str, str], None] = lambda name, text: None


@dataclass(frozen=True)
class Window:
    """Rows changed from `start` to `end`, both included. `start` None: from the beginning."""

    start: datetime | None
    end: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """One record as the CRM has it now.

    `values` has the CRM's own field names and plain values: text, numbers, Decimal, bool, aware datetime, date, list
    of text, None. Of owners always: email, name. Of activities: kind (call_held, meeting_held, email_sent, note_taken,
    or any name), occurred_at, and what else is to be kept with the event.

    `links`: records it belongs to, {kind: (id, …)}: of a contact its companies, of a deal its contacts and companies,
    of an activity its contacts. `state`: of a deal, open, won or lost, where the CRM says so itself; "" leaves it to
    the mapping of stages. `merged`: ids of records of this kind that became part of this one. `same_as`: other records
    that are the same person, such as the contact a lead was converted into. `archived`: deleted there; nothing else
    counts then.
    """

    kind: str
    id: str
    modified_at: datetime
    values: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    created_at: datetime | None = None
    state: str = ""
    merged: tuple[str, ...] = ()
    same_as: tuple[Ref, ...] = ()
    archived: bool = False


@dataclass(frozen=True)
class Page:
    """`next` asks for the page after it; "" where the window ends. `total`: rows of the whole window, if it is said."""

    rows: Sequence[Row]
    next: str = ""
    total: int | None = None


@dataclass(frozen=True)
class IdPage:
    ids: Sequence[str]
    next: str = ""


@dataclass(frozen=True)
class OurField:
    """A field of ours that the CRM shall have, such as the score. `type` is a FieldType: text, number, choice, date."""

    key: str
    label: str
    type: str = "text"
    choices: tuple[tuple[str, str], ...] = ()
    help: str = ""


@dataclass(frozen=True)
class RemoteField:
    """A field the CRM has. `type` is a FieldType, or "owner". `choices`: (value, label). `samples`: up to three values
    of recent records, as text.
    """

    name: str
    label: str
    type: str = "text"
    choices: tuple[tuple[str, str], ...] = ()
    writable: bool = True
    samples: tuple[str, ...] = ()


@dataclass(frozen=True)
class RemoteStage:
    """A stage of a pipeline. `state` (open, won, lost) is what the CRM says; people may say otherwise."""

    pipeline: str
    pipeline_label: str
    stage: str
    label: str
    state: str
    position: int = 0


@dataclass(frozen=True)
class Check:
    """One thing that `test` looked at. `words`: what was found; where it is not ok, what is missing and what to do."""

    name: str
    ok: bool
    words: str = ""


@dataclass(frozen=True)
class PushRow:
    """What one record is to hold. `key` comes back in the result. `id` empty: it is not there as far as we know.

    `values` has the CRM's field names; None empties a field. `email` and `own_id` (our number of the lead) are what
    the CRM knows it by, so that one pushed twice is made once; a row that is made carries them, whatever the values
    say. An owner is the CRM's id of a user.
    """

    key: int
    id: str
    values: Mapping[str, Any]
    email: str = ""
    own_id: str = ""


@dataclass(frozen=True)
class PushResult:
    """What became of one row. `error` in the CRM's words. `gone`: there is no such record any more.

    `again`: the same row may well succeed later (a lock, a limit); without it a person has to change something.
    `modified_at`: when it was written, by the CRM's clock; to be said by who `shows_late`.
    """

    key: int
    id: str = ""
    ok: bool = True
    error: str = ""
    gone: bool = False
    again: bool = False
    made: bool = False
    modified_at: datetime | None = None


@dataclass(frozen=True)
class Hook:
    """A request that somebody sent to /hooks/crm/<connection>/. `url` is the public address, as the sender wrote it.
    `headers` in small letters.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True)
class HookEvent:
    """A record of which the CRM says that it changed. `key` is the same when the same event is sent again."""

    key: str
    kind: str
    id: str
