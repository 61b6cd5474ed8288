"""What a CRM must be able to do for us: one class, in a package for each CRM. docs/connectors.md shows how to add one.

A connector translates and nothing else. It asks its CRM in the CRM's words and answers in the words below; it keeps
nothing, and never writes to our database. Windows, cursors, conflicts, echoes, retries and schedules are the same for
all and live beside it (leads/crm/sync/runner.py and what it calls).

All times are aware and in UTC. All ids are text. Every method may raise

- `Busy`: nobody answered, too many requests, a server error, an answer cut short. The run ends and is tried again
  later; what was stored stays, and the page is asked for again.
- `Denied`: the key is wrong or lacks a right. Somebody has to act; `str()` tells them what to do.
- `CrmError` with `permanent=True`: this request can never succeed.

What is wrong with one row of `push` is no exception: it is that row's `PushResult`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from leads.enums import CrmKind
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


class Connector(ABC):
    """A CRM, for one connection. Made anew for each run; it may keep a token in memory."""

    slug: ClassVar[str]
    name: ClassVar[str]
    # In the order in which they are pulled: what others belong to comes first.
    kinds: ClassVar[tuple[str, ...]] = (
        CrmKind.OWNERS, CrmKind.COMPANIES, CrmKind.CONTACTS, CrmKind.DEALS, CrmKind.ACTIVITIES
    )  # fmt: skip
    # The kind that a lead becomes when we make one there.
    made_as: ClassVar[str] = CrmKind.CONTACTS
    settings: ClassVar[tuple[Setting, ...]] = ()
    base_url: ClassVar[str] = ""  # where there is one for everybody; else the wizard asks for it
    # Rows may become visible this much later than their time stamp says: every window begins so much earlier.
    overlap: ClassVar[timedelta] = timedelta(minutes=10)
    # And ends so long before now, where the CRM's index lags behind.
    lag: ClassVar[timedelta] = timedelta(0)
    # Whether a window may show a record as it was before it was last read or written: what is older is no news then.
    # Only where the time stamp of a record never goes back.
    shows_late: ClassVar[bool] = False
    # Rows of one page of `pull` and `ids`.
    page: ClassVar[int] = 100
    # Most rows that one request of `push` takes.
    most_pushed: ClassVar[int] = 100
    # {kind: {their field: our target}}: what the mapping begins with. Targets: leads/ingest/targets.py and OUR_FIELDS.
    defaults: ClassVar[Mapping[str, Mapping[str, str]]] = {}

    def __init__(self, access: Access):
        self.access = access

    @property
    def clock_ahead(self) -> float | None:
        """Seconds that the clock of the CRM is ahead of ours, less than 0 where it is behind; None before the first
        answer, and where no answer says. `http` reads it off the answers.
        """
        ahead: float | None = getattr(getattr(self, "http", None), "ahead", None)
        return ahead

    def account(self) -> str:
        """What tells the account that the key opens from any other: the id of a portal, org or database. Two that begin
        with another word cannot be compared; one that begins with BY_NAME only at the same address. "" where the CRM
        does not say.
        """
        return ""

    @abstractmethod
    def test(self) -> list[Check]:
        """Try the key and each right we need, one Check for each, most important first. Never raises."""

    @abstractmethod
    def fields(self, kind: str) -> list[RemoteField]:
        """Every field of this kind that can be read, with samples, by label."""

    @abstractmethod
    def stages(self) -> list[RemoteStage]:
        """Every stage of every pipeline, in order."""

    @abstractmethod
    def pull(self, kind: str, window: Window, after: str, fields: Sequence[str]) -> Page:
        """One page of the rows that changed within the window, with at least these fields.

        Ordered by id and continued by id (`after` is what the last page called `next`, "" at first), so that a page
        costs the same however many there are, and rows that change meanwhile shift nothing. Nothing within the window
        is left out, however many rows share one moment. Owners may ignore the window. Deleted rows may be left out:
        the sweep finds them.
        """

    @abstractmethod
    def read(self, kind: str, ids: Sequence[str], fields: Sequence[str]) -> list[Row]:
        """These rows as they are now, in any order; what is not there (any more) is left out. Any number of ids."""

    @abstractmethod
    def match(self, kind: str, emails: Sequence[str], fields: Sequence[str]) -> list[Row]:
        """The rows that have these e-mail addresses, in as few requests as the API allows: asked before rows are made,
        so that whoever is there already is linked and compared instead of overwritten.
        """

    @abstractmethod
    def ids(self, kind: str, after: str) -> IdPage:
        """A page of the ids that exist, in any order that pages stably: the sweep compares them with ours."""

    @abstractmethod
    def ensure_fields(self, kind: str, fields: Sequence[OurField]) -> list[str]:
        """Make those of these fields that are not there yet, under `name_of`. Names of those that were made."""

    @classmethod
    @abstractmethod
    def name_of(cls, key: str) -> str:
        """What our field of that key is called in this CRM: leadscore_score, Leadscore_Score__c."""

    @abstractmethod
    def push(self, kind: str, rows: Sequence[PushRow]) -> list[PushResult]:
        """Write these rows, at most `most_pushed`, in the fewest requests the API allows; one result each, in order.

        A row without id is matched by e-mail or own id, and made where there is none: doing it twice makes one. What
        is wrong with a row is told in its result and costs the others nothing. Raises only where nothing is known of
        any row; the caller then asks again, with the same rows.
        """

    def verify(self, hook: Hook) -> list[HookEvent]:
        """What a webhook tells of. Raises NotSigned unless it is surely from this CRM, and fresh."""
        raise NotSigned(f"{self.name} sends no webhooks.")

    def url_of(self, kind: str, id: str) -> str:
        """Where a person sees this record in the CRM; "" where that is not known."""
        return ""
