"""Files over the API: uploaded, mapped, started, followed, taken back."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from leads.enums import Role
from leads.ingest import job as jobs
from leads.models import Import, Lead
from tests.leads.api import Caller
from tests.sales import make_team, make_user

pytestmark = pytest.mark.django_db

FILE = b"Email,Town\nana@northwind.example,Gent\nnobody,Lier\nbo@tarn.example,Gent\n"


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def caller() -> Caller:
    return Caller(make_user("Dana", make_team(), Role.MARKETING))


def upload(caller: Caller, content: bytes = FILE, **said):
    return caller.client.post("/api/v1/imports", {"file": SimpleUploadedFile("fair 2026.csv", content), **said})


def counted(job: dict) -> tuple[int, ...]:
    return tuple(job[name] for name in ("rows", "processed", "created", "updated", "unchanged", "rejected"))


def test_the_whole_way(caller):
    made = upload(caller)
    job = made.json()
    assert (made.status_code, job["state"], job["columns"], job["source"], counted(job)) == (
        201, "uploaded", ["Email", "Town"], "fair", (3, 0, 0, 0, 0, 0),
    )  # fmt: skip
    mapped = caller.patch(f"imports/{job['id']}", {"mapping": {"Town": "city"}, "policy": "file_wins"}).json()
    assert (mapped["mapping"], mapped["policy"]) == ({"Email": "email", "Town": "city"}, "file_wins")
    assert caller.post(f"imports/{job['id']}/start", {}).status_code == 202
    jobs.run_due()
    job = caller.get(f"imports/{job['id']}").json()
    assert (job["state"], counted(job), job["can_undo"]) == ("done", (3, 3, 2, 0, 0, 1), True)
    assert Lead.objects.get(email="ana@northwind.example").city == "Gent"
    problems = caller.get(f"imports/{job['id']}/problems").json()["results"]
    assert [(each["line"], each["column"], each["outcome"]) for each in problems] == [(3, "Email", "rejected")]
    assert caller.post(f"imports/{job['id']}/undoing", {}).status_code == 202
    jobs.run_due()
    assert caller.get(f"imports/{job['id']}").json()["state"] == "undone"
    assert Lead.objects.count() == 0


def test_what_is_refused_says_why(caller):
    assert upload(caller, b"").status_code == 400
    assert list(upload(caller, b"PK\x03\x04broken").json()["fields"]) == ["file"]
    job = upload(caller).json()["id"]
    assert caller.patch(f"imports/{job}", {"mapping": {"Nothing": "city"}}).status_code == 400
    assert caller.patch(f"imports/{job}", {"mapping": {"Town": "nothing"}}).status_code == 400
    assert caller.patch(f"imports/{job}", {"mapping": {"Town": "email"}}).status_code == 400
    assert caller.post(f"imports/{job}/stop", {}).status_code == 409
    assert caller.post(f"imports/{job}/undoing", {}).status_code == 409
    caller.post(f"imports/{job}/start", {})
    assert caller.post(f"imports/{job}/start", {}).status_code == 409
    assert caller.patch(f"imports/{job}", {"mapping": {"Town": None}}).status_code == 409


def test_imports_of_others_are_not_there(caller):
    job = upload(caller).json()["id"]
    stranger = Caller(make_user("Olga", make_team("Other"), Role.MARKETING))
    seller = Caller(make_user("Rep", make_team(), Role.REP))
    for path in (f"imports/{job}", f"imports/{job}/problems"):
        assert stranger.get(path).status_code == 404
        assert seller.get(path).status_code in (403, 404)
    for path in (f"imports/{job}/start", f"imports/{job}/undoing", f"imports/{job}/stop"):
        assert stranger.post(path, {}).status_code == 404
        assert seller.post(path, {}).status_code in (403, 404)
    assert upload(seller).status_code == 403
    assert Import.objects.get().state == "uploaded"
