"""Whose links these are: a key of another account of the same CRM must not write on them."""

from leads.crm.base import Check, Connector, Denied
from leads.crm.registry import connector_of
from leads.models import Connection

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


def words(connection: Connection) -> str:
    return (
        f"The key opens another account, {connection.account_seen}; what is linked is of {connection.account}. Enter "
        f"the key of {connection.account} again, or start afresh with the other: the links are then laid aside."
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
    return [*checks, Check("Account", ok=True, words=connection.account_seen)] if known else checks
