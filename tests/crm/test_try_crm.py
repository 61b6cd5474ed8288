"""`make try-crm`: what it prints is all that a person needs to sync with a real CRM. Run by `make test-tryton`."""

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from leads.crm.sync.runner import sync_now
from leads.enums import CrmKind, DealState, Role
from leads.models import Connection, Deal, Lead
from tests.ops.installation import PROJECT, free_port, wait_until
from tests.sales import make_team, make_user

pytestmark = pytest.mark.skipif("TRYTON" not in os.environ, reason="A real Tryton is asked: make test-tryton.")


@pytest.fixture
def printed(tmp_path: Path) -> Iterator[dict[str, str]]:
    """{"Address": "http://127.0.0.1:…", "Password": …} of a CRM that begins anew."""
    home = Path(os.environ["TRYTON"])
    for part in ("bin", "password", "crm.sqlite"):
        (tmp_path / part).symlink_to(home / part)
    port = free_port()
    command = [home / "bin" / "python", PROJECT / "examples" / "tryton.py", tmp_path, str(port)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout
    said = ""
    while "begin anew" not in said:
        said += (line := server.stdout.readline())
        assert line, said
    wait_until(lambda: listens(port), seconds=60)
    yield dict(re.findall(r"(Address|Database|User|Password) +(\S+)", said))
    server.send_signal(signal.SIGINT)
    assert server.wait(20) is not None


def listens(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def test_from_what_it_prints_to_a_sync(printed: dict[str, str], client: Client, db: None, settings: Any) -> None:
    settings.OUTBOUND_ALLOWLIST = [printed["Address"].removeprefix("http://")]
    team = make_team()
    client.force_login(make_user("Mia", team, Role.MARKETING))
    said = {"name": "Tryton", "team": team.pk, "creates": "handed_off", "base_url": printed["Address"]}
    said |= {f"setting_{name}": printed[name.title()] for name in ("database", "password")}
    assert client.post("/connections/new/tryton/", said | {"setting_login": printed["User"]}).status_code == 302
    connection = Connection.objects.get()
    checks = client.post(f"/connections/{connection.pk}/tests").context["checks"]
    assert checks and all(check.ok for check in checks), checks
    trial = client.post(f"/connections/{connection.pk}/trial/").context["trial"]
    assert (trial.here[CrmKind.CONTACTS]["created"], trial.here[CrmKind.DEALS]["created"]) == (36, 18)
    client.post(f"/connections/{connection.pk}/resumption")
    connection.refresh_from_db()
    run = sync_now(connection)
    assert run and run.ok, run and run.error
    assert Lead.objects.count() == 36
    assert set(Deal.objects.values_list("state", flat=True)) == set(DealState.values)
