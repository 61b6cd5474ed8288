"""How long the reports of a large company take to open, to be refreshed, and to be counted anew.

SCALE=10k | 100k | 1m sets the number of leads, which came over two years (bench/history.py). Every page is opened for
30, 90 and 365 days and for all there is, by an administrator and a manager, for all leads and narrowed to a source, a
team, a model. Figures are 95th percentiles of all of these, in milliseconds of processor of the web process and its
database session together (bench/clock.py). Beside them, in the same run: a plain count of the leads of a year, and
conversion by label from the tables that the summaries are counted from.
"""

import json
import os
import statistics
import sys
from collections import defaultdict
from datetime import timedelta
from typing import Any

from bench import clock
from bench.database import database, scale
from bench.history import DAYS, fill_history

ROUNDS = int(os.environ.get("ROUNDS", "3"))
LIMIT = 300
CHANGED = 1_000
RANGES = {"30 days": 30, "90 days": 90, "a year": 365, "all": DAYS + 2}
NARROWED = ("", "source=Webinar", "team=bench-1", "model=bench")
BY = ("label", "grade", "source", "team", "month", "version", "chosen")
PAGES = {
    "overview": "/reports/?", **{f"impact by {by}": f"/reports/impact/?by={by}&" for by in BY},
    "funnel": "/reports/funnel/?", "score": "/reports/score/?", "sources": "/reports/sources/?",
    "answers": "/reports/answers/?", "feedback": "/scoring/feedback/?", "costs": "/reports/costs/?",
    "forecast": "/reports/forecast/?", "leads": "/reports/leads/?", "customers": "/reports/leads/?came=customers&",
    "handoffs": "/reports/handoffs/?",
}  # fmt: skip


def main() -> int:
    name, leads = scale()
    with database():
        fill_history(leads)
        figures = counting()
        opened, beside = opening()
    return report(name, figures, opened, beside)


def counting() -> dict[str, float]:
    """Seconds of processor: everything anew, and what follows from changes of a thousand leads."""
    from django.db import connection

    from leads.models import Lead
    from reports.summaries import count_due, make_anew

    found = {"anew": _taken(make_anew)}
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE reports_fact, reports_tally, reports_handofffact")
    changed = Lead.objects.filter(pk__in=list(Lead.objects.order_by("?").values_list("pk", flat=True)[:CHANGED]))
    found["changing"] = _taken(lambda: changed.update(source="Changed"))
    return found | {"refreshing": _taken(count_due), "refreshing_nothing": _taken(count_due)}


def opening() -> tuple[dict[tuple[str, str], float], dict[str, float]]:
    """Milliseconds, 95th percentile, by page and range; and what is taken beside them."""
    from django.db import connection
    from django.utils import timezone

    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")  # helpers' time would not be seen
    taken: dict[tuple[str, str], list[float]] = defaultdict(list)
    beside: dict[str, list[float]] = defaultdict(list)
    browsers, today = people(), timezone.localdate()
    _open(browsers[0], "/reports/")
    for _ in range(ROUNDS):
        for page, address in PAGES.items():
            for span, days in RANGES.items():
                for narrowed in NARROWED:
                    for browser in browsers:
                        url = f"{address}from={today - timedelta(days=days)}&to={today}&{narrowed}"
                        taken[page, span].append(_taken(lambda: _open(browser, url)) * 1000)  # noqa: B023
            for name, act in (("count", _count), ("raw", _raw)):
                beside[name].append(_taken(act) * 1000)
    return {key: _p95(times) for key, times in taken.items()}, {key: _p95(times) for key, times in beside.items()}


def people() -> list[Any]:
    """An administrator and a manager of the large team and a small one, each with a browser."""
    from django.test import Client

    from leads.models import Membership, Team, User

    browsers = []
    for name in ("admin", "manager"):
        person, _ = User.objects.get_or_create(email=f"{name}@bench.example", name=name, is_superuser=name == "admin")
        for team in Team.objects.filter(slug__in=("bench-1", "bench-2")) if name == "manager" else ():
            Membership.objects.get_or_create(user=person, team=team, role="manager")
        browsers.append(Client(headers={"host": "localhost"}))
        browsers[-1].force_login(person)
    return browsers


def _open(browser: Any, url: str) -> None:
    answer = browser.get(url)
    assert answer.status_code == 200, (url, answer.status_code)


def _count() -> int:
    """The leads of a year, counted one by one."""
    from django.utils import timezone

    from leads.models import Lead

    return Lead.objects.filter(created_at__gte=timezone.now() - timedelta(days=365)).count()


def _raw() -> list[Any]:
    """Conversion by label over a year, asked of leads, handoffs, deals and the history of scores."""
    from django.db import connection

    from reports.summaries.facts import FACTS, parameters

    year = f"{FACTS} AND l.created_at >= %(now)s - interval '365 days'"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT label, count(*), sum(customers) FROM ({year}) f GROUP BY 1", parameters())
        return cursor.fetchall()


def _taken(act: Any) -> float:
    began = clock.seconds()
    act()
    return clock.seconds() - began


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


def report(name: str, counted: dict[str, float], opened: dict[tuple[str, str], float], beside: dict[str, float]) -> int:
    print(f"{'':20}" + "".join(f"{span:>10}" for span in RANGES))
    for page in PAGES:
        print(f"{page:20}" + "".join(f"{opened[page, span]:>7.0f} ms" for span in RANGES))
    for what, seconds in counted.items():
        print(f"{what:20}{seconds:>8.2f} s")
    slowest, over = max(opened.values()), {" ".join(key): round(ms) for key, ms in opened.items() if ms > LIMIT}
    ratios = {
        "slowest_page_vs_count": slowest / beside["count"], "raw_vs_slowest_page": beside["raw"] / slowest,
        "refresh_1000_vs_changing": counted["refreshing"] / counted["changing"],
        "anew_vs_refresh_per_lead": counted["anew"] / (counted["refreshing"] * scale()[1] / CHANGED),
    }  # fmt: skip
    line = {"bench": "reports", "scale": name, "ratios": {key: round(value, 2) for key, value in ratios.items()}}
    line |= {"measure": clock.MEASURE, "slowest_ms": round(slowest), "count_ms": round(beside["count"]),
             "raw_ms": round(beside["raw"]), "over": over}  # fmt: skip
    print(json.dumps(line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
