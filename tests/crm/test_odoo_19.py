"""The same faults where Odoo is spoken to in its other way, JSON-2."""

from collections.abc import Iterator
from typing import Any

import pytest

from leads.crm.odoo.connector import Odoo
from leads.enums import CrmKind
from tests.crm.test_faults import (  # noqa: F401
    story,
    test_any_fault_at_any_request,
    test_any_fault_at_any_request_of_the_first_load,
)
from tests.crm.worlds import World, connected
from tests.fakes.odoo import Odoo19Crm


@pytest.fixture
def world(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(Odoo, "made_as", CrmKind.CONTACTS)
    with Odoo19Crm() as crm:
        yield connected(crm, settings)
