"""Which CRMs there are. A new one is a package beside this and a line here."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from leads.crm.base import Connector
from leads.crm.http import PATIENCE, somebody_waits
from leads.crm.hubspot.connector import HubSpot
from leads.crm.odoo.connector import Odoo
from leads.crm.salesforce.connector import Salesforce
from leads.crm.tryton.connector import Tryton
from leads.crm.words import Access, CrmError
from leads.models import Connection
from leads.outgoing import sealing
from leads.outgoing.sealing import Unreadable

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")

CONNECTORS: dict[str, type[Connector]] = {each.slug: each for each in (HubSpot, Salesforce, Odoo, Tryton)}


class NoConnector(LookupError):
    """This installation has no connector for that CRM; what there is, in words."""


def kind_of(connection: Connection) -> type[Connector]:
    """The class of its CRM. Raises NoConnector where this installation does not have it."""
    if connection.crm not in CONNECTORS:
        raise NoConnector(f"There is no connector {connection.crm!r} here. There are: {', '.join(CONNECTORS)}.")
    return CONNECTORS[connection.crm]


def connector_of(connection: Connection) -> Connector:
    """The connector, ready to speak. Raises sealing.Unreadable where a secret has to be entered again."""
    kind = kind_of(connection)
    return kind(access_of(connection, kind))


def understood(ask: Callable[[], Answer], seconds: float = PATIENCE) -> Answer:
    """What a CRM answers to somebody who waits, for so long at most. Raises CrmError, Unreadable or NoConnector: also
    an answer that is nothing its connector knows, as an address of something else gives, comes with words that say
    what to do.
    """
    try:
        with somebody_waits(seconds):
            return ask()
    except (CrmError, Unreadable, NoConnector):
        raise
    except (LookupError, TypeError, AttributeError, ValueError):
        logger.exception("a CRM answered what its connector does not understand")
        raise CrmError("It does not answer as this CRM does: check the address.", permanent=True) from None


def access_of(connection: Connection, kind: type[Connector]) -> Access:
    secrets = {row.name: sealing.read(row, "value") for row in connection.secrets.all()}
    options: dict[str, Any] = {each.name: each.default for each in kind.settings if not each.secret and each.default}
    base_url = (connection.base_url or kind.base_url).rstrip("/")
    return Access(base_url, options | connection.options, secrets, partial(_remember, connection))


def _remember(connection: Connection, name: str, text: str) -> None:
    """Keep a key that was renewed, unless somebody disconnected in the meantime."""
    if connection.secrets.exists():
        connection.keep_secret(name, text)
