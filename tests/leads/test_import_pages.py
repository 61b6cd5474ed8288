"""The import pages, through the client, as marketing uses them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads.enums import ImportState, Role
from leads.ingest import job as jobs
from leads.models import Field, Import, ImportProblem, Lead, Membership
from tests.leads.importing import FILES, bring, take_over
from tests.sales import make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def dana(client):
    user = make_user("Dana", make_team(), Role.MARKETING)
    client.force_login(user)
    return user


def upload(client, content: bytes, name="HubSpot contacts 2026-03.csv", **more):
    file = SimpleUploadedFile(name, content)
    return client.post(reverse("imports"), {"file": file, "team": make_team().pk, **more})


def page(client, name, *args):
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def test_from_the_file_to_the_leads(client, dana):
    answer = upload(client, (FILES / "contacts.csv").read_bytes())
    job = Import.objects.get()
    assert (answer.url, job.by, job.source.name, job.rows) == (
        reverse("import", args=[job.pk]),
        dana,
        "Hubspot contacts",
        4,
    )
    shown = page(client, "import", job.pk)
    assert "Known name" in shown and "Import 4 rows" in shown
    assert not Lead.objects.exists()

    checked = page(client, "import-check", job.pk)
    assert "a.ruiz@northwind.example" in checked and "No domain ending." in checked

    client.post(reverse("import-start", args=[job.pk]), {"policy": "file_wins", "column-6": ""})
    job.refresh_from_db()
    assert (job.state, job.policy, job.mapping["Job Title"]) == (ImportState.QUEUED, "file_wins", None)
    assert "Stop after this page" in page(client, "import", job.pk)

    jobs.run_due()
    ended = page(client, "import", job.pk)
    assert "p.maas@deltapack" in ended and "Download these rows" in ended
    assert Lead.objects.count() == 4 and not Lead.objects.exclude(title="").exists()


def test_columns_are_kept_and_the_check_is_done_again(client, dana):
    job = take_over("Email,Plan,When\na@b.example,Pro,03/04/2026\n")
    address = reverse("import", args=[job.pk])
    page(client, "import-check", job.pk)
    client.post(address, {"column-1": "title", "column-2": "new.date", "order-2": "mdy"})
    job.refresh_from_db()
    assert (job.mapping["Plan"], job.trial, job.facts["When"]["order"]) == ("title", {}, "mdy")
    assert not Field.objects.exists()
    client.post(address, {"kind": "companies"})
    job.refresh_from_db()
    assert (job.kind, job.mapping["Plan"]) == ("companies", "new.text")


def test_two_columns_cannot_become_one_field(client, dana):
    job = take_over("Email,Plan\na@b.example,Pro\n")
    answer = client.post(reverse("import-start", args=[job.pk]), {"column-1": "email"})
    assert answer.status_code == 422
    assert "E-mail can come from one column only, not from Email and Plan." in answer.content.decode()
    job.refresh_from_db()
    assert job.state == ImportState.UPLOADED


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\n", "The file is empty. Choose a file with a header and at least one row."),
        (b"Email,City\n", "The file has a header and no rows. Choose a file with at least one row."),
        (b"%PDF-1.7 x", "This is no CSV or XLSX file. Save it as CSV or XLSX."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(client, dana, content, why):
    answer = upload(client, content)
    assert answer.status_code == 422 and why in answer.content.decode()
    assert not Import.objects.exists()


def test_problems_are_downloaded_without_formulas(client, dana):
    job = bring("Email,City\n=cmd|'/c calc'!A0,Gent\n@bad,\n")
    lines = b"".join(client.get(reverse("import-problems", args=[job.pk])).streaming_content).decode().splitlines()
    assert lines[0] == "\ufeffLine,What happened,Column,Value,What to do,Email,City"
    assert lines[1].startswith("2,Skipped,Email,'=cmd|'/c calc'!A0,")
    assert lines[2].startswith("3,Skipped,Email,'@bad,")


def test_progress_and_stopping(client, dana):
    job = take_over("Email\na@b.example\n")
    jobs.start(job)
    fragment = client.get(reverse("import-progress", args=[job.pk]), headers={"HX-Request": "true"})
    assert 'id="progress"' in fragment.content.decode()
    client.post(reverse("import-stop", args=[job.pk]))
    job.refresh_from_db()
    assert job.state == ImportState.STOPPED
    ended = client.get(reverse("import-progress", args=[job.pk]), headers={"HX-Request": "true"})
    assert ended.headers["HX-Refresh"] == "true"


def test_who_may_import(client):
    job = take_over("Email\na@b.example\n")
    addresses = [reverse("imports"), reverse("import", args=[job.pk]), reverse("import-problems", args=[job.pk])]
    for address in addresses:
        assert client.get(address).status_code == 302  # to sign in
    client.force_login(make_user("Rita", make_team(), Role.REP))
    assert [client.get(address).status_code for address in addresses] == [403, 403, 403]
    client.force_login(make_user("Mona", make_team("APAC"), Role.MARKETING))
    assert [client.get(address).status_code for address in addresses] == [200, 404, 404]


def test_a_team_of_somebody_else_cannot_be_chosen(client, dana):
    other = make_team("APAC")
    file = SimpleUploadedFile("a.csv", b"Email\na@b.example\n")
    assert client.post(reverse("imports"), {"file": file, "team": other.pk}).status_code == 422


def test_of_several_teams_none_is_chosen_for_you(client, dana):
    assert "Choose the team" not in page(client, "imports")
    Membership.objects.create(user=dana, team=make_team("APAC"), role=Role.MARKETING)
    assert "Choose the team" in page(client, "imports")


def test_lists_cost_the_same_for_one_row_and_three(client, dana):

    def cost(address):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    job = bring("Email\nbad\n")
    one = cost(reverse("imports")), cost(reverse("import", args=[job.pk]))
    for _ in range(2):
        bring("Email\nbad\n")
        ImportProblem.objects.create(job=job, line=9, outcome="rejected", message="x")
    assert (cost(reverse("imports")), cost(reverse("import", args=[job.pk]))) == one
