"""manage.py create_token and create_write_key: the secret alone on the last line."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from leads.models import ApiToken, Source, WriteKey
from leads.models.team import digest
from tests.sales import make_team, make_user

pytestmark = pytest.mark.django_db


def run(*args: str) -> str:
    out = StringIO()
    call_command(*args, stdout=out, stderr=StringIO())
    return out.getvalue().splitlines()[-1]


def test_a_token_opens_the_api() -> None:
    user = make_user("Rita", make_team())
    secret = run("create_token", "--user", user.email.upper(), "--scope", "write")
    assert secret.startswith("lst_")
    assert ApiToken.objects.get().scope == "write"
    assert Client(headers={"authorization": f"Bearer {secret}"}).get("/api/v1/leads").status_code == 200


def test_a_write_key_belongs_to_a_source_of_the_team() -> None:
    team = make_team()
    first, second = (run("create_write_key", "--source", "Website", "--team", name) for name in ("emea", "EMEA"))
    assert first.startswith("lsw_")
    assert {key.digest for key in WriteKey.objects.all()} == {digest(first), digest(second)}
    assert Source.objects.get().team == team


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (("create_token", "--user", "nobody@example.com"), "Nobody signs in as nobody@example.com."),
        (("create_write_key", "--source", "Web", "--team", "nowhere"), "There is no team 'nowhere'. Teams: none yet."),
    ],
)
def test_a_mistake_says_what_to_do(args: tuple[str, ...], reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        call_command(*args)
