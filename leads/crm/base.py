"""What a CRM must be able to do for us: one class, in a package for each CRM. docs/connectors.md shows how to add one.

A connector translates and nothing else. It asks its CRM in the CRM's words and answers in ours (leads/crm/words.py); it
keeps nothing, and never writes to our database. Windows, cursors, conflicts, echoes, retries and schedules are the same
for all and live beside it (leads/crm/sync/runner.py and what it calls).

Every method may raise

- `Busy`: nobody answered, too many requests, a server error, an answer cut short. The run ends and is tried again
  later; what was stored stays, and the page is asked for again.
- `Denied`: the key is wrong or lacks a right. Somebody has to act; `str()` tells them what to do.
- `CrmError` with `permanent=True`: this request can never succeed.

What is wrong with one row of `push` is no exception: it is that row's `PushResult`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import ClassVar

from leads.crm.words import (
    Access,
    Check,
    Hook,
    HookEvent,
    IdPage,
    NotSigned,
    OurField,
    Page,
    PushResult,
    PushRow,
    RemoteField,
    RemoteStage,
    Row,
    Setting,
    Window,
)
from leads.enums import CrmKind


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
