"""Workbooks are read once: at upload when small, else by a worker; what is read goes into a file beside them."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook

from leads.enums import ImportState, Role
from leads.ingest import job as jobs
from leads.ingest import retention, undo, workbook
from leads.ingest.files import read_rows, sniff
from leads.models import Import, Lead
from tests.leads.importing import counts, take_over
from tests.sales import make_team, make_user

pytestmark = pytest.mark.django_db
ROWS = 1_300


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def large(monkeypatch):
    """Any workbook is large, and every step of reading it is told."""
    monkeypatch.setattr(workbook, "SMALL", 0)
    monkeypatch.setattr(jobs, "TELL_EVERY", 0.0)


@pytest.fixture
def marta(client):
    client.force_login(make_user("Marta", make_team(), Role.MARKETING))


def book(rows: int = ROWS) -> bytes:
    made, buffer = Workbook(), io.BytesIO()
    made.active.append(["Email", "City", "Note"])
    for n in range(rows):
        made.active.append([f"p{n}@c{n % 50}.example" if n % 100 else "nobody", "Gent", f'two\nlines "{n}"'])
    made.save(buffer)
    return buffer.getvalue()


def upload(client, content: bytes) -> Import:
    answer = client.post(reverse("imports"), {"file": SimpleUploadedFile("a.xlsx", content), "team": make_team().pk})
    assert answer.status_code == 302
    return Import.objects.first()


def page(client, job: Import) -> str:
    return client.get(reverse("import", args=[job.pk])).content.decode()


def test_a_large_workbook_is_read_by_the_worker_and_never_again(client, marta, large):
    job = upload(client, book())
    assert (job.state, job.columns) == (ImportState.READING, [])
    shown = page(client, job)
    assert "Reading the workbook" in shown and "0% read" in shown
    jobs.run_due()
    job.refresh_from_db()
    assert (job.state, job.columns, job.rows) == (ImportState.UPLOADED, ["Email", "City", "Note"], ROWS)
    progress = client.get(reverse("import-progress", args=[job.pk]), headers={"HX-Request": "true"})
    assert progress.headers["HX-Refresh"] == "true"

    Path(job.file.path).write_bytes(b"whoever opens the workbook again fails")
    assert "Import 1,300 rows" in page(client, job)
    assert client.get(reverse("import-check", args=[job.pk])).status_code == 200
    client.post(reverse("import-start", args=[job.pk]), {"policy": "fill"})
    jobs.work(jobs.claim(job.pk), until=0)  # one page, then the time is up
    job.refresh_from_db()
    assert (job.state, job.processed) == (ImportState.RUNNING, 500)
    jobs.run_due()
    job.refresh_from_db()
    assert (job.state, counts(job)["created"], job.rejected) == (ImportState.DONE, ROWS - 13, 13)
    assert job.problems.values_list("line", flat=True)[1] == 102
    assert undo.ask(job, by=None)
    jobs.run_due()
    job.refresh_from_db()
    assert (job.state, Lead.objects.count()) == (ImportState.UNDONE, 0)


def test_a_killed_worker_leaves_nothing_half_read(client, marta, large):
    job = upload(client, book())
    assert jobs.claim(job.pk).state == ImportState.READING
    unfinished = Path(f"{job.file.path}.rows.part")
    unfinished.write_text('[1, ["Em')  # as kill -9 leaves it
    assert (jobs.run_due(), Path(f"{job.file.path}.rows").exists()) == (0, False)  # its lease still runs
    Import.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    jobs.run_due()
    job.refresh_from_db()
    assert (job.state, job.rows, unfinished.exists()) == (ImportState.UPLOADED, ROWS, False)


def test_it_can_be_stopped_while_it_is_read(client, marta, large):
    job = upload(client, book())
    claimed = jobs.claim(job.pk)
    client.post(reverse("import-stop", args=[job.pk]))
    jobs.read(claimed)
    job.refresh_from_db()
    assert (job.state, job.rows, Path(f"{job.file.path}.rows").exists()) == (ImportState.STOPPED, 0, False)
    assert "Reading the workbook" not in page(client, job)


def test_how_far_it_is_and_when_it_cannot_be_read(client, marta, large):
    content = book()
    told: list[float] = []
    job = upload(client, content)
    workbook.unpack(Path(job.file.path), told.append)
    assert told == sorted(told) and 0.8 < told[-1] <= 1
    spoiled = upload(client, content[:300] + bytes(300) + content[600:])
    jobs.run_due()
    spoiled.refresh_from_db()
    assert (spoiled.state, spoiled.error) == (ImportState.FAILED, workbook.DAMAGED)
    assert "The XLSX file is damaged." in page(client, spoiled)


def test_a_small_one_is_read_while_one_waits(client, marta):
    job = upload(client, book(3))
    assert (job.state, job.rows) == (ImportState.UPLOADED, 3)
    path = Path(job.file.path)
    assert [(row.line, row.cells[2]) for row in read_rows(path, sniff(path), skip=2)] == [(4, 'two\nlines "2"')]


def test_retention_takes_both_files(client, marta, large):
    jobs_there = [upload(client, book(3)), upload(client, book(3))]
    jobs.run_due()
    kept = [Path(f"{job.file.path}{end}") for job in jobs_there for end in ("", ".rows")]
    assert [path.exists() for path in kept] == [True] * 4
    Import.objects.update(created_at=timezone.now() - retention.KEPT - timedelta(minutes=1))
    assert (retention.forget_files(), [path.exists() for path in kept]) == (2, [False] * 4)


def test_the_api_says_that_it_is_being_read(client, marta, large):
    job = upload(client, book(3))
    answer = client.get(f"/api/v1/imports/{job.pk}")
    assert (answer.json()["state"], answer.json()["read_percent"]) == ("reading", 0)
    assert client.post(f"/api/v1/imports/{job.pk}/start").status_code == 409


def test_the_command_reads_it_itself(large):
    job = take_over(book(3), "a.xlsx")
    assert job.state == ImportState.READING
    assert take_over(book(3), "a.xlsx", at_once=True).state == ImportState.UPLOADED
