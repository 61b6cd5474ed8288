"""Whether everything that was handed off is in the CRM, and why not: the report, and its repair."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from leads.crm.control import push_leads
from leads.crm.mapping import PEOPLE
from leads.crm.sync.due import due
from leads.crm.sync.making import missing
from leads.enums import ConnectionState
from leads.models import Connection, Handoff, Lead, Link, SyncProblem

SHOWN = 20
# Why a lead is not in the CRM: slug → words.
WHY = {
    "waiting": "It goes there with the next run.",
    "paused": "The connection is paused.",
    "failing": "The CRM cannot be reached just now.",
    "refused": "The CRM refused it.",
    "no_email": "It has no e-mail address, by which the CRM would know it again.",
    "deleted": "It was deleted in the CRM.",
    "not_sent": "By the settings of the connection it is only sent when somebody asks for it.",
}
# What a click can put right: it is sent once more.
REPAIRABLE = ("refused", "deleted", "not_sent", "waiting")


@dataclass
class Reason:
    """Leads that are not there for one reason. `said`: the CRM's own words, most frequent first."""

    why: str
    words: str
    count: int
    leads: list[int] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    repairable: bool = False

    @property
    def more(self) -> int:
        """Beyond those that are named."""
        return self.count - len(self.leads)


@dataclass
class Report:
    """`holds`: nothing is missing and nothing differs."""

    connection: str
    as_of: str
    handed_off: int
    in_crm: int
    missing: int
    reasons: list[Reason]
    to_update: int
    problems: int

    @property
    def repairable(self) -> int:
        """Leads that a click sends there once more."""
        return sum(reason.count for reason in self.reasons if reason.repairable)

    @property
    def holds(self) -> bool:
        return not (self.missing or self.to_update or self.problems)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"holds": self.holds}


def reconcile(connection: Connection) -> Report:
    """Compare what was handed off with what is linked, by what both sides were when last looked at.

    "412 handed off, 280 in the CRM: these 132 are missing, because…" It makes no request: whether records still exist
    is known by the nightly sweep, and at once after `sync_reconcile`.
    """
    handed_off, gone = _handed_off(connection), _missing(connection)
    reasons = [reason for why in WHY if (reason := _reason(connection, why, gone))]
    count = handed_off.count()
    missing_count = sum(reason.count for reason in reasons)
    return Report(
        connection.slug, timezone.now().isoformat(), count, count - missing_count, missing_count, reasons,
        _to_update(connection), connection.problems.open().count(),
    )  # fmt: skip


def repair(connection: Connection, why: str = "", *, by: Any = None) -> int:
    """Send the leads once more that are missing for this reason; "": all whom that may bring there. How many."""
    if why and why not in REPAIRABLE:
        raise ValueError(f"{why!r} cannot be put right by sending: {', '.join(REPAIRABLE)} can.")
    wanted = (why,) if why else REPAIRABLE
    leads = [pk for pk, reason in _missing(connection).items() if reason in wanted]
    push_leads(leads, because="Missing in the CRM", by=by, connection=connection)
    return len(leads)


def _handed_off(connection: Connection) -> QuerySet[Lead]:
    return Lead.objects.filter(Exists(Handoff.objects.filter(lead=OuterRef("pk"))), team=connection.team_id)


def _missing(connection: Connection) -> dict[int, str]:
    """{lead that was handed off and is not there: why}."""
    links = Link.objects.filter(connection=connection, kind__in=PEOPLE, lead=OuterRef("pk"))
    refused = SyncProblem.objects.filter(connection=connection, way=SyncProblem.OUT, lead=OuterRef("pk"))
    leads = _handed_off(connection).filter(~Exists(links.filter(gone_at=None)))
    leads = leads.annotate(deleted=Exists(links), refused=Exists(refused))
    sent = set(missing(connection).filter(pk__in=leads.values("pk")).values_list("pk", flat=True))
    found = {}
    for pk, email, deleted, no in leads.order_by("pk").values_list("pk", "email", "deleted", "refused"):
        found[pk] = _why(connection, pk in sent, bool(email), deleted, no)
    return found


def _why(connection: Connection, sent: bool, has_email: bool, deleted: bool, refused: bool) -> str:
    if not has_email:
        return "no_email"
    if refused:
        return "refused"
    if not sent:
        return "deleted" if deleted else "not_sent"
    if connection.state == ConnectionState.PAUSED:
        return "paused"
    return "failing" if connection.failures else "waiting"


def _reason(connection: Connection, why: str, found: dict[int, str]) -> Reason | None:
    leads = [pk for pk, reason in found.items() if reason == why]
    if not leads:
        return None
    said: Sequence[str] = ()
    if why == "refused":
        messages = connection.problems.filter(way=SyncProblem.OUT, lead__in=leads).values_list("message", flat=True)
        said = sorted(set(messages), key=list(messages).count, reverse=True)[:5]
    return Reason(why, WHY[why], len(leads), leads[:SHOWN], list(said), why in REPAIRABLE)


def _to_update(connection: Connection) -> int:
    """Leads that are there and have changed here since."""
    return sum(due(connection, kind).count() for kind in PEOPLE)
