"""What learning costs from our own database: `make bench-learning ARGS=database`.

SCALE sets the leads (100k unless set): two years of them, each with three events and 54 custom fields beside the
built-in ones, half numbers, half words; nine of them matter. Processor seconds of the worker and its database session
(bench/clock.py), and the most memory the worker held.
"""

import json
import os
import resource
from datetime import timedelta
from typing import Any

from bench import clock
from bench.database import database, fill, scale

FIELDS = 54
MONTH = timedelta(days=30)


def main() -> None:
    os.environ.setdefault("SCALE", "100k")
    name, leads = scale()
    with database():
        fill(leads, events_per_lead=3)
        answer()
        taken = measure()
    print(f"{name}: {taken['leads']:,} past leads x {taken['columns']} columns, {taken['won']:,} won")
    print(f"reading {taken['reading']:.0f} s, learning {taken['learning']:.0f} s, comparing {taken['comparing']:.0f} s")
    print(f"{taken['memory']:.0f} MB at most; AUC {taken['auc']:.3f}, {taken['criteria']} criteria")
    print(json.dumps({"bench": "learning-database", "scale": name, "measure": clock.MEASURE, "ratios": taken}))


def answer() -> None:
    """Custom fields for everybody, and a won deal for whom they speak."""
    from django.db import connection

    from leads.enums import FieldType
    from leads.models import Deal, Field, Source, Team

    for at in range(FIELDS):
        Field.objects.create(key=f"f{at}", label=f"Field {at}", type=FieldType.TEXT if at % 2 else FieldType.NUMBER)
    pairs = [
        f"'f{at}', 'value ' || floor(power(random(), 2) * 30)::int" if at % 2
        else f"'f{at}', CASE WHEN random() > 0.1 THEN round(exp(3 + random() * 3)) END"
        for at in range(FIELDS)
    ]  # fmt: skip
    halves = [f"jsonb_build_object({', '.join(pairs[start : start + 45])})" for start in (0, 45)]
    says = " + ".join(f"0.8 * (coalesce((fields ->> 'f{at}')::numeric, 0) > 90)::int" for at in range(0, 18, 2))
    source = Source.objects.named(Team.objects.earliest("pk"), "CRM", "crm")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE leads_lead DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE leads_lead SET fields = jsonb_strip_nulls({' || '.join(halves)})")
        cursor.execute("ALTER TABLE leads_lead ENABLE TRIGGER USER")
        cursor.execute("ALTER TABLE leads_deal DISABLE TRIGGER USER")
        cursor.execute(f"SELECT id, team_id, created_at FROM leads_lead WHERE random() < 1 / (1 + exp(5 - ({says})))")
        Deal.objects.bulk_create(
            (Deal(team_id=team, lead_id=lead, source=source, external_id=f"d{lead}", name="Deal", state="won",
                  opened_at=created, closed_at=created + MONTH, amount=1) for lead, team, created in cursor.fetchall()),
            batch_size=5_000,
        )  # fmt: skip
        cursor.execute("ALTER TABLE leads_deal ENABLE TRIGGER USER")
        cursor.execute("VACUUM ANALYZE")


def measure() -> dict[str, Any]:
    from scoring.learning import job
    from scoring.models import Learning
    from scoring.sample import Question

    row = job.ask(Question(within=60), by=None)
    marks: dict[str, float] = {}
    tell = job._tell

    def timed(learning: Learning, *, stage: str, done: int, total: int) -> None:
        marks.setdefault(stage, clock.seconds())
        tell(learning, stage=stage, done=done, total=total)

    job._tell = timed
    begun = clock.seconds()
    job.run(row)
    ended = clock.seconds()
    row.refresh_from_db()
    result = row.result
    return {
        "reading": marks[job.FITTING] - begun, "learning": marks[job.COMPARING] - marks[job.FITTING],
        "comparing": ended - marks[job.COMPARING], "all": ended - begun,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "leads": result["leads"], "won": result["won"], "columns": FIELDS, "auc": result.get("auc") or 0.0,
        "criteria": len(result.get("criteria", [])),
    }  # fmt: skip


if __name__ == "__main__":
    main()
