"""Files that came in: how large they may be, and how long they are kept."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.enums import Role
from leads.ingest import retention, undo
from leads.models import Import, Lead
from tests.leads.importing import bring, take_over
from tests.sales import make_team, make_user

pytestmark = pytest.mark.django_db
FILE = "Email,City\nana@northwind.example,Gent\nnobody,Gent\n"


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def test_files_and_the_way_back_go_after_30_days(client):
    client.force_login(make_user("Marta", make_team(), Role.MARKETING))
    old, fresh, left = bring(FILE), bring(FILE, name="b.csv"), take_over(FILE)
    paths = [Path(job.file.path) for job in (old, fresh, left)]
    long_ago = timezone.now() - retention.KEPT - timedelta(minutes=1)
    Import.objects.filter(pk__in=(old.pk, left.pk)).update(created_at=long_ago)
    assert (retention.forget_files(), retention.forget_files()) == (2, 0)
    assert [path.exists() for path in paths] == [False, True, False]
    old.refresh_from_db()
    assert (bool(old.file), undo.can_undo(old), undo.can_undo(fresh)) == (
        False,
        False,
        False,
    )
    assert ([problem.row for problem in old.problems.all()], old.created, Lead.objects.count()) == ([[]], 1, 1)
    assert not Import.objects.filter(pk=left.pk).exists()
    assert "The file was deleted after 30 days" in client.get(reverse("import", args=[old.pk])).content.decode()
    assert "The file is deleted on" in client.get(reverse("import", args=[fresh.pk])).content.decode()


class Unread:
    """A body that must not be touched."""

    def read(self, *_):
        raise AssertionError("the body was read")

    readline = read


@pytest.mark.parametrize(("path", "megabytes", "inside", "status"), [
    ("/imports/", 6, False, 413), ("/imports/", 202, True, 413), ("/f/key/", 6, False, 413), ("/login/", 6, True, 413),
])  # fmt: skip
def test_what_is_too_large_is_refused_before_it_is_read(path, megabytes, inside, status):
    client = Client(enforce_csrf_checks=True)
    if inside:
        client.force_login(make_user("Marta", make_team(), Role.MARKETING))
    client.cookies["csrftoken"] = "a" * 32
    answer = client.generic("POST", path, b"x", "multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(megabytes * 1024 * 1024), **{"wsgi.input": Unread()})  # fmt: skip
    assert (answer.status_code, "MB" in answer.content.decode()) == (status, True)
