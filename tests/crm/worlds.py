"""The fakes there are, and a connection to one. A new connector adds its fake here and passes the contract suite."""

from dataclasses import dataclass
from typing import Any

from leads.crm.base import Connector
from leads.crm.registry import connector_of
from leads.enums import ConnectionState
from leads.models import Connection
from tests.fakes.crm import FakeCrm
from tests.fakes.hubspot import HubSpotCrm
from tests.fakes.memory import MemoryCrm
from tests.fakes.odoo import OdooCrm
from tests.fakes.salesforce import SalesforceCrm
from tests.sales import make_team

# {name: the fake, a context manager; `slug` is that of its connector}
WORLDS: dict[str, type[FakeCrm]] = {
    "memory": MemoryCrm, "hubspot": HubSpotCrm, "salesforce": SalesforceCrm, "odoo": OdooCrm,
}  # fmt: skip


@dataclass
class World:
    crm: FakeCrm
    connection: Connection

    @property
    def connector(self) -> Connector:
        """A new one, as each run makes it."""
        return connector_of(self.connection)


def connected(crm: FakeCrm, settings: Any, slug: str = "") -> World:
    """A connection of team EMEA to it that is on, with its keys."""
    settings.OUTBOUND_ALLOWLIST = [crm.base_url.removeprefix("http://").partition("/")[0]]
    connection = Connection.make(
        make_team(), crm=crm.slug, name=crm.slug.title(), slug=slug or crm.slug, base_url=crm.base_url,
        state=ConnectionState.ON, options=crm.options,
    )  # fmt: skip
    for name, text in crm.secrets.items():
        connection.keep_secret(name, text)
    return World(crm, connection)
