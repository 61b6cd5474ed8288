"""How long the lists of a large installation take, beside the reading of one row by its primary key.

SCALE=10k | 100k | 1m sets the number of leads. Each line is what one list asks: the page in the order of the score,
every other time with the page after it, how many there are (counted no further than the list says), and the rows'
reasons and last activity. Figures are 95th percentiles of ROUNDS rounds, in milliseconds of processor of the program
and of the database together (bench/clock.py), the lookup taken in turn with the lists; `over` names the lists that took
more than LIMIT.
"""

import json
import os
import statistics
import sys
from collections.abc import Callable
from typing import Any

from bench import clock
from bench.database import database, fill, scale

ROUNDS = int(os.environ.get("ROUNDS", "20"))
LIMIT = 50

# What people narrow the list of leads to: common and rare, one condition and several.
QUERIES = [
    "", "label=hot", "label=warm", "label=cold", "label=hot&label=warm", "label=none", "grade=A1", "grade=B3&grade=C2",
    "stage=nurture", "stage=customer", "stage=resting", "stage=nurture&label=hot", "stage=customer&label=cold",
    "owner={owner}", "owner={owner}&label=hot", "owner={owner}&stage=accepted", "source=Webinar", "source=Nowhere",
    "country=DE", "country=JP", "country=DE&label=hot", "country=FR&source=Webinar&stage=customer",
    "country=IT&owner={owner}&label=warm", "q=plant", "q=first77", "q=last1234", "q=company77",
    "q=first7+cto&label=hot", "email=p1234@company234.example",
]  # fmt: skip


def main() -> int:
    name, leads = scale()
    with database():
        fill(leads)
        publish()
        figures = measure()
    return report(name, figures)


def publish() -> None:
    from django.db import connection

    from bench import ways
    from bench.models import event_criteria, field_criteria, version

    ways.publish(version(field_criteria() + event_criteria()))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE leads_standing, scoring_entry")


def measure() -> dict[str, float]:
    """Milliseconds, 95th percentile, by what was asked."""
    from leads.models import Standing

    ids = list(Standing.objects.order_by("pk").values_list("pk", flat=True)[:1000:10])
    acts: dict[str, Callable[[int], Any]] = {"one row": lambda n: Standing.objects.get(pk=ids[n % len(ids)])}
    for who, person in people().items():
        for query in QUERIES:
            acts[f"{who}: {query or 'all'}"] = listing(person, query.format(owner=person.owned.owner_id))
        acts |= {f"{who}: tabs": tabs(person), f"{who}: companies": companies(person)}
    taken: dict[str, list[float]] = {name: [] for name in acts}
    for n in range(ROUNDS):
        for name, act in acts.items():
            began = clock.seconds()
            act(n)
            taken[name].append((clock.seconds() - began) * 1000)
    return {name: round(statistics.quantiles(times, n=20, method="inclusive")[-1], 1) for name, times in taken.items()}


def people() -> dict[str, Any]:
    """One of the large team, one of a small team, one of three teams, and a superuser; `owned` is a lead they see."""
    from leads.models import Membership, Standing, Team, User

    teams = list(Team.objects.order_by("pk"))
    seen = {"large team": teams[:1], "small team": teams[3:4], "three teams": teams[:3], "superuser": teams}
    found = {}
    for who, theirs in seen.items():
        person = User.objects.create(email=f"{who}@bench.example", name=who, is_superuser=who == "superuser")
        if not person.is_superuser:
            Membership.objects.bulk_create(Membership(user=person, team=team, role="marketing") for team in theirs)
        person.owned = Standing.objects.filter(team=theirs[0], owner__isnull=False).order_by("pk").first()
        Membership.objects.get_or_create(user=person.owned.owner, team=theirs[0], role="rep")
        found[who] = person
    return found


def listing(person: Any, query: str) -> Callable[[int], Any]:
    """The list as its page asks for it: the first page, every other time the one after it, and how many there are."""
    from django.test import RequestFactory

    from leads.listing import LeadListing
    from leads.rows import lead_rows

    cursors = [""]

    def act(n: int) -> None:
        request = RequestFactory().get(f"/leads/?{query}&cursor={cursors[n % len(cursors)]}")
        request.user = person
        shown = LeadListing(request)
        page = shown.page()
        lead_rows(page.rows)
        if shown.is_narrowed:
            shown.count  # noqa: B018, a cached property
        if n == 0 and page.next:
            cursors.append(page.next)

    return act


def tabs(person: Any) -> Callable[[int], Any]:
    from django.test import RequestFactory

    from leads.listing import LeadListing

    def act(n: int) -> None:
        request = RequestFactory().get("/leads/")
        request.user = person
        LeadListing(request).tabs  # noqa: B018

    return act


def companies(person: Any) -> Callable[[int], Any]:
    from leads.keyset import page_of
    from leads.models import Company

    return lambda n: page_of(Company.objects.visible_to(person).select_related("team"), order="name", size=50)


def report(name: str, figures: dict[str, float]) -> int:
    lookup = figures.pop("one row")
    for what, p95 in sorted(figures.items(), key=lambda figure: -figure[1]):
        print(f"{what:60}{p95:>10.1f} ms {p95 / lookup:>8.0f} ×")
    print(f"{'one row by its primary key':60}{lookup:>10.1f} ms")
    over = {what: p95 for what, p95 in figures.items() if p95 > LIMIT}
    slowest = max(figures.values())
    ratios = {"slowest_vs_lookup": slowest / lookup, "median_vs_lookup": statistics.median(figures.values()) / lookup}
    line = {"bench": "pages", "scale": name, "ratios": {key: round(value, 1) for key, value in ratios.items()}}
    line |= {"measure": clock.MEASURE, "lookup_ms": lookup, "slowest_ms": slowest, "lists": len(figures), "over": over}
    print(json.dumps(line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
