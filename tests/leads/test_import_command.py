"""manage.py import_leads."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from leads.models import Field, Import, Lead, Source
from tests.leads.importing import FILES
from tests.sales import make_team

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def import_leads(*args, **options) -> str:
    make_team()
    out = StringIO()
    call_command("import_leads", *args, team="emea", stdout=out, **options)
    return out.getvalue()


def test_it_tells_what_became_of_the_rows():
    told = import_leads(FILES / "contacts.csv")
    assert "  Job Title → Job title\n" in told
    assert "4 rows, 4 created, 0 updated, 0 unchanged, 0 skipped, 1 in part\n" in told
    assert "  line 5, in part: Email: No domain ending." in told
    assert Source.objects.get().name == "Contacts"


def test_json_is_one_object():
    told = json.loads(import_leads(FILES / "contacts.csv", json=True))
    assert (told["kind"], told["rows"], told["created"], told["columns"]["Email"]) == ("leads", 4, 4, "email")


def test_a_dry_run_stores_nothing():
    told = json.loads(import_leads(FILES / "contacts.csv", json=True, dry_run=True))
    assert told["created"] == 4
    assert not (Lead.objects.exists() or Import.objects.exists() or Field.objects.exists())


def test_a_mapping_comes_from_a_file(tmp_path):
    mapping = tmp_path / "mapping.json"
    mapping.write_text(json.dumps({"Job Title": None, "Lead Status": "city"}))
    with pytest.raises(CommandError, match="City can come from one column only, not from Lead Status and City"):
        import_leads(FILES / "contacts.csv", mapping=mapping)
    mapping.write_text(json.dumps({"Job Title": None}))
    import_leads(FILES / "contacts.csv", mapping=mapping)
    assert not Lead.objects.exclude(title="").exists()


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("none.csv", None, "No such file or directory"),
        ("empty.csv", "", "The file is empty. Choose a file with a header and at least one row."),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error(tmp_path, name, content, why):
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(CommandError, match=why):
        import_leads(tmp_path / name)


def test_an_unknown_team_names_those_there_are():
    make_team()
    with pytest.raises(CommandError, match="No team 'nowhere'. There are: emea."):
        call_command("import_leads", FILES / "contacts.csv", team="nowhere")
