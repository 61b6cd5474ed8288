"""Whose links these are: a key of another account of the same CRM must not write on them."""

import re
from datetime import datetime

from django.utils import timezone

from leads.crm.base import Check, Connector, Denied
from leads.crm.registry import connector_of
from leads.models import Connection

MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+00:00")
UNKNOWN = "unknown"  # it does not say, and is not asked again


class OtherAccount(Denied):
    """The key opens another account than the one whose records are linked."""


def look(connection: Connection, connector: Connector) -> None:
    """Ask whose account it is, once for each key that was entered; the first one is kept. Raises OtherAccount."""
    if not connection.account_seen:
        said = connector.account()[:150]
        connection.account_seen, connection.account = said or UNKNOWN, connection.account or said
        seen = {"account_seen": connection.account_seen, "account": connection.account}
        Connection.objects.filter(pk=connection.pk).update(**seen)
    if differs(connection):
        raise OtherAccount(words(connection))


def differs(connection: Connection) -> bool:
    """Whether the key opens another account. What cannot be compared is taken for the same."""
    kept, seen = connection.account, connection.account_seen
    return bool(kept and seen) and kept != seen and kept.split()[0] == seen.split()[0]


def named(account: str) -> str:
    """An account as people read it: what is told apart by the moment it was made shows the day."""
    return MOMENT.sub(lambda at: f"{timezone.localtime(datetime.fromisoformat(at[0])):%-d %b %Y}", account)


def words(connection: Connection) -> str:
    ours = named(connection.account)
    return (
        f"The key opens another account, {named(connection.account_seen)}; what is linked is of {ours}. Enter "
        f"the key of {ours} again, or start afresh with the other: the links are then laid aside."
    )


def checked(connection: Connection) -> list[Check]:
    """The key and each right tried, and whether it opens the account that is linked. Raises what a connector raises."""
    connection.account_seen = ""  # until it is in order, nothing is known of what the key opens
    Connection.objects.filter(pk=connection.pk).update(account_seen="")
    connector = connector_of(connection)
    checks = connector.test()
    if not all(each.ok for each in checks):
        return checks
    try:
        look(connection, connector)
    except OtherAccount as error:
        return [*checks, Check("Account", ok=False, words=str(error))]
    known = connection.account_seen != UNKNOWN
    return [*checks, Check("Account", ok=True, words=named(connection.account_seen))] if known else checks
