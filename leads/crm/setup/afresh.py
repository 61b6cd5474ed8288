"""A key of another account: a connection of its own for it, beside the one whose records are linked."""

from django.core.exceptions import ValidationError
from django.db import transaction

from leads.crm.control import disconnect, resume
from leads.crm.setup.forms import free_slug
from leads.crm.sync import accounts
from leads.models import Connection, FieldMap, User


@transaction.atomic
def start_afresh(connection: Connection, *, by: User) -> Connection:
    """The account that the new key opens gets a connection with the same mapping, and is synced from the beginning.

    The other keeps its links, its history and its deals, and rests: with a key of its own account it goes on where it
    was. Ids of two accounts may be the same, so nothing of theirs is ever mixed. Raises ValidationError where the key
    opens the account that is linked, or one that another connection of the team has.
    """
    if not accounts.differs(connection):
        raise ValidationError("The key opens the account that is linked: there is nothing to start afresh.")
    seen = connection.account_seen
    try:
        accounts.refuse_taken(connection, seen)
    except accounts.TakenAccount as error:
        raise ValidationError(str(error)) from None
    new = Connection.make(
        connection.team, crm=connection.crm, name=_name(connection), slug=free_slug(connection.name), by=by,
        base_url=connection.base_url, options=connection.options, creates=connection.creates, every=connection.every,
        account=seen, account_seen=seen,
    )  # fmt: skip
    FieldMap.objects.bulk_create(
        FieldMap(connection=new, kind=each.kind, theirs=each.theirs, ours=each.ours, flow=each.flow, wins=each.wins)
        for each in connection.field_maps.all()
    )
    connection.secrets.update(connection=new)
    disconnect(connection, by=by)
    Connection.objects.filter(pk=connection.pk).update(account_seen="", needs_person=False)
    resume(new)
    return new


def _name(connection: Connection) -> str:
    """HubSpot, portal 12345; with a number where the team has that already."""
    name = f"{connection.name}, {accounts.named(connection.account_seen)}"[:95]
    taken = set(Connection.objects.filter(team=connection.team).values_list("name", flat=True))
    return next(each for n in range(1, len(taken) + 2) if (each := name if n == 1 else f"{name} {n}") not in taken)
