"""Whose links these are: a key of another account of the same CRM must not write on them, and one account is synced by
one connection of a team, or its deals would count twice.
"""

import re
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from leads.crm.base import Connector
from leads.crm.registry import connector_of
from leads.crm.words import BY_NAME, Check, Denied
from leads.models import Connection, Team

MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+00:00")
UNKNOWN = "unknown"  # it does not say, and is not asked again


class OtherAccount(Denied):
    """The key opens another account than the one whose records are linked."""


class TakenAccount(Denied):
    """Another connection of the team has the account already."""


def look(connection: Connection, connector: Connector) -> None:
    """Ask whose account it is, once for each key that was entered; the one whose records are linked is kept. Raises
    OtherAccount and TakenAccount.
    """
    if not connection.account_seen:
        _keep(connection, connector.account()[:150])
    if differs(connection):
        raise OtherAccount(words(connection))


@transaction.atomic
def _keep(connection: Connection, said: str) -> None:
    """Unless a new key was entered meanwhile: what was seen is of the one before it."""
    refuse_taken(connection, said)
    linked = connection.account if connection.links.exists() else ""
    connection.account_seen, connection.account = said or UNKNOWN, linked or said
    seen = {"account_seen": connection.account_seen, "account": connection.account}
    Connection.objects.filter(pk=connection.pk, runs=connection.runs).update(**seen)


def refuse_taken(connection: Connection, account: str) -> None:
    """Raises TakenAccount where another connection of the team has that account. In a transaction: of two that ask at
    once the second waits until the first has it.
    """
    _one_at_a_time(connection)
    others = Connection.objects.filter(team=connection.team_id, crm=connection.crm, account=account)
    if account and account != connection.account:
        for other in others.exclude(pk=connection.pk).order_by("pk"):
            if not account.startswith(BY_NAME) or _address(other) == _address(connection):
                raise TakenAccount(_taken(other))


def _one_at_a_time(connection: Connection) -> None:
    Team.objects.select_for_update(no_key=True).get(pk=connection.team_id)


def _address(connection: Connection) -> str:
    return connection.base_url.rstrip("/").lower()


def _taken(other: Connection) -> str:
    """Who has it, and what to do."""
    way = "Enter the key there and it goes on where it was" if other.is_disconnected else "Use that one"
    return (
        f"The key opens {named(other.account)}, which the connection {other} of this team has already. Synced twice, "
        f"each of its deals would count twice. {way}, or enter the key of another account here."
    )


def differs(connection: Connection) -> bool:
    """Whether the key opens another account. What cannot be compared is taken for the same."""
    kept, seen = connection.account, connection.account_seen
    return bool(kept and seen) and kept != seen and kept.split()[0] == seen.split()[0]


def named(account: str) -> str:
    """An account as people read it: what is told apart by the moment it was made shows the day."""
    if account.startswith(BY_NAME):
        return f"database {account.removeprefix(BY_NAME)}"
    return MOMENT.sub(lambda at: f"{timezone.localtime(datetime.fromisoformat(at[0])):%-d %b %Y}", account)


def words(connection: Connection) -> str:
    ours = named(connection.account)
    return (
        f"The key opens another account, {named(connection.account_seen)}; what is linked is of {ours}. Enter "
        f"the key of {ours} again, or start afresh with the other: the links are then laid aside."
    )


def checked(connection: Connection) -> list[Check]:
    """The key and each right tried, and whether it opens the account that is linked. Raises what a connector raises."""
    connection.refresh_from_db()
    connection.account_seen = ""  # until it is in order, nothing is known of what the key opens
    Connection.objects.filter(pk=connection.pk).update(account_seen="")
    connector = connector_of(connection)
    checks = connector.test()
    if not all(each.ok for each in checks):
        return checks
    try:
        look(connection, connector)
    except (OtherAccount, TakenAccount) as error:
        return [*checks, Check("Account", ok=False, words=str(error))]
    connection.refresh_from_db(fields=["account_seen", "state"])
    if not connection.account_seen and not connection.is_on:  # one that is on asks with its next run
        return [*checks, Check("Account", ok=False, words="The key was changed meanwhile. Test the new one.")]
    known = connection.account_seen != UNKNOWN
    return [*checks, Check("Account", ok=True, words=named(connection.account_seen))] if known else checks
