"""A file on its way in, for tests."""

import os
from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from leads.enums import SourceKind
from leads.ingest import job as jobs
from leads.models import Import, Source
from tests.sales import make_team

FILES = Path(__file__).parent / "files"
SHARED = Path(os.environ.get("SHARED_DIR", Path(__file__).resolve().parents[3] / "shared")) / "data"
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(),
    reason="real exports are not part of this repository: set SHARED_DIR to the folder that has data/",
)


def take_over(
    content: str | bytes | Path,
    name: str = "fair.csv",
    *,
    source: str = "Fair",
    by=None,
    kind: str = "",
    at_once: bool = False,
) -> Import:
    """An import of the content, looked through and not started."""
    if isinstance(content, Path):
        name, content = content.name, content.read_bytes()
    team = make_team()
    origin = Source.objects.named(team, source, SourceKind.IMPORT)
    return jobs.take_over(ContentFile(content), name=name, team=team, source=origin, by=by, kind=kind, at_once=at_once)


def run(job: Import, **chosen) -> Import:
    """Start it with what was chosen and work it off."""
    for name, value in chosen.items():
        setattr(job, name, value)
    job.save()
    jobs.start(job)
    claimed = jobs.claim(job.pk)
    jobs.work(claimed)
    job.refresh_from_db()
    return job


def bring(content: str | bytes | Path, **options) -> Import:
    return run(take_over(content, **options))


def counts(job: Import) -> dict[str, int]:
    return {name: getattr(job, name) for name in ("created", "updated", "unchanged", "rejected", "in_part")}


def told(job: Import) -> list[tuple[int, str, str, str]]:
    return [(problem.line, problem.column, problem.value, problem.message) for problem in job.problems.all()]
