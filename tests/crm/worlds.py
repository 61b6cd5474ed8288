"""The fakes there are, and a connection to one. A new connector adds its fake here and passes the contract suite."""

from dataclasses import dataclass

from leads.crm.base import Connector
from leads.crm.registry import connector_of
from leads.models import Connection
from tests.fakes.crm import FakeCrm
from tests.fakes.hubspot import HubSpotCrm
from tests.fakes.memory import MemoryCrm
from tests.fakes.odoo import OdooCrm
from tests.fakes.salesforce import SalesforceCrm

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
