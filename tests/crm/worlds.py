"""The fakes there are, and a connection to one. A new connector adds its fake here and passes the contract suite."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from leads.crm.base import Connector
from leads.crm.registry import connector_of
from leads.models import Connection
from tests.fakes.crm import FakeCrm
from tests.fakes.hubspot import HubSpotCrm
from tests.fakes.memory import MemoryCrm
from tests.fakes.salesforce import SalesforceCrm

# {slug of the connector: what opens its fake, as a context manager}
WORLDS: dict[str, Callable[[], Any]] = {
    "memory": MemoryCrm, "hubspot": HubSpotCrm, "salesforce": SalesforceCrm,
}  # fmt: skip


@dataclass
class World:
    crm: FakeCrm
    connection: Connection

    @property
    def connector(self) -> Connector:
        """A new one, as each run makes it."""
        return connector_of(self.connection)
