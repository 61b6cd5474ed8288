"""Secrets at rest."""

import json
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection

from leads.models import Endpoint
from leads.outgoing import keyring, sealing
from leads.outgoing.sealing import Sealed, Unreadable
from tests.sales import make_team

pytestmark = pytest.mark.django_db
SECRET = "whsec_0123456789abcdefghijAB12"


@pytest.fixture
def keys(settings, tmp_path):
    settings.ENCRYPTION_KEYS, settings.ENCRYPTION_KEYS_FILE = [], tmp_path / "encryption_keys"
    return settings.ENCRYPTION_KEYS_FILE


@pytest.fixture
def endpoint(keys):
    row = Endpoint.objects.create(team=make_team(), name="Ours")
    sealing.put(row, "secret", SECRET)
    return Endpoint.objects.get()


def test_what_is_sealed_reads_the_same_and_stands_nowhere(endpoint):
    assert sealing.read(endpoint, "secret") == SECRET
    assert SECRET[6:] not in str(endpoint.secret)
    assert endpoint.secret.hint == "••••AB12"


def test_a_short_secret_shows_nothing_of_itself(endpoint):
    assert sealing.seal("hunter2", "x").hint == "••••"


def test_an_empty_one_is_empty(endpoint):
    sealing.put(endpoint, "secret", "")
    assert (sealing.read(endpoint, "secret"), endpoint.secret.hint) == ("", "")


def test_the_column_takes_no_plain_text(endpoint):
    with pytest.raises(ValueError, match="never the secret itself"):
        Endpoint.objects.update(secret="whsec_plain")


def test_it_cannot_be_read_in_another_row_or_column(endpoint):
    other = Endpoint.objects.create(team=endpoint.team, name="Theirs", secret=endpoint.secret)
    endpoint.secret_before = endpoint.secret
    for row, name in ((other, "secret"), (endpoint, "secret_before")):
        with pytest.raises(Unreadable, match="enter it again"):
            sealing.read(row, name)


def test_the_file_is_private_and_made_once(endpoint, keys):
    assert keys.stat().st_mode & 0o777 == 0o600
    assert keyring.keys() == keyring.keys()
    assert [path.name for path in keys.parent.iterdir()] == ["encryption_keys"]


def test_a_lost_or_wrong_key_is_said(endpoint, keys):
    keys.write_text(Fernet.generate_key().decode())
    assert not sealing.is_readable(endpoint, "secret")
    assert endpoint.secret.hint == "••••AB12"
    keys.write_text("not a key")
    assert not sealing.is_readable(endpoint, "secret")
    keys.chmod(0o644)
    assert not sealing.is_readable(endpoint, "secret")


def test_a_new_key_reads_the_old_and_the_old_can_be_forgotten(endpoint, keys):
    keyring.add()
    assert sealing.read(endpoint, "secret") == SECRET
    assert sealing.seal_again(endpoint, "secret")
    assert keyring.forget_old() == 1
    assert sealing.read(Endpoint.objects.get(), "secret") == SECRET


def test_without_sealing_again_the_forgotten_key_is_missed(endpoint):
    """Negative control."""
    keyring.add()
    keyring.forget_old()
    assert not sealing.is_readable(endpoint, "secret")


def test_a_damaged_text_is_unreadable(endpoint):
    endpoint.secret = Sealed(str(endpoint.secret)[:-10])
    assert not sealing.is_readable(endpoint, "secret")


def run(command, *arguments):
    out = StringIO()
    try:
        call_command(command, *arguments, "--json", stdout=out)
    except CommandError:
        return json.loads(out.getvalue()), False
    return json.loads(out.getvalue()), True


def test_rotation_leaves_nothing_unreadable(endpoint, keys):
    assert run("encryption_audit") == ({"current": 1, "older_key": 0, "unreadable": 0, "plaintext": 0}, True)
    keyring.add()
    assert run("encryption_audit")[0]["older_key"] == 1
    assert run("rotate_keys", "--forget") == ({"sealed": 1, "unreadable": 0, "forgotten": 2}, True)
    assert run("encryption_audit")[0]["current"] == 1
    assert len(keys.read_text().split()) == 1
    assert sealing.read(Endpoint.objects.get(), "secret") == SECRET


def test_old_keys_stay_while_one_secret_needs_a_key_that_is_lost(endpoint, keys):
    keys.write_text(Fernet.generate_key().decode())
    assert run("rotate_keys", "--forget") == ({"sealed": 0, "unreadable": 1, "forgotten": 0}, False)
    assert run("encryption_audit") == ({"current": 0, "older_key": 0, "unreadable": 1, "plaintext": 0}, False)


def test_the_audit_sees_plain_text(endpoint):
    """Negative control: written past the field."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE leads_endpoint SET secret = 'whsec_plain'")
    assert run("encryption_audit")[0]["plaintext"] == 1


def test_keys_of_the_environment_are_rotated_there(endpoint, settings):
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CommandError, match="ENCRYPTION_KEYS"):
        call_command("rotate_keys")
