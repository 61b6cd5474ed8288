"""Leads, drafts and publications for tests of publishing."""

from hashlib import sha256

from leads.models import Company, Lead, Standing
from scoring import publishing
from scoring.models import Criterion, Publication, ScoringModel
from tests.sales import make_team


def make_leads(count: int) -> list[Lead]:
    team = make_team()
    company = Company.objects.create(team=team, name="Northwind", industry="Manufacturing", employees=420)
    return Lead.objects.bulk_create(
        Lead(team=team, company=company, title="VP" if n % 2 else "Clerk", email=f"l{n}@n.example")
        for n in range(count)
    )


def improve(model: ScoringModel, by: int = 1) -> None:
    for criterion in model.criteria.filter(points__gt=0):
        Criterion.objects.filter(pk=criterion.pk).update(points=criterion.points + by)


def finish(publication: Publication) -> None:
    while publishing.run(publication):
        pass
    publication.refresh_from_db()


def versions_seen() -> set[int | None]:
    return set(Standing.objects.values_list("version", flat=True))


def checksum() -> str:
    columns = ("pk", "version", "fit", "engagement", "total", "grade", "label", "points")
    return sha256(repr(list(Standing.objects.order_by("pk").values_list(*columns))).encode()).hexdigest()
