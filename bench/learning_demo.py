"""The past leads of the demo as learning sees them, with the hidden truth and marketing's live model beside them."""

import numpy as np

from bench.database import database
from scoring.learning.table import Table

LEADS, EVENTS, SEED = 3_000, 13, 1  # as `make run` makes it


def past() -> tuple[Table, dict[str, np.ndarray]]:
    """The columns that the guard leaves in, and scores by name that nobody had to learn."""
    with database():
        from django.utils import timezone

        from leads.models import Lead
        from scoring.backtest import score_past
        from scoring.demo.build import make
        from scoring.demo.story import truth
        from scoring.engine.definition import load
        from scoring.learning.guard import left_out
        from scoring.learning.pastleads import past_leads
        from scoring.learning.readiness import usual_question
        from scoring.likelihood import calibrate
        from scoring.models import Version
        from scoring.sample import sample

        make(LEADS, EVENTS, SEED, say=lambda told: None)
        found = sample(usual_question(timezone.now()), timezone.now())
        past = past_leads(found)
        table = past.table.without({one.column for one in left_out(past.table)} - set(past.dated))
        emails = dict(Lead.objects.values_list("pk", "email"))
        hidden = truth(LEADS, SEED)
        (live,), _ = score_past([load(Version.objects.live().get().definition)], found, False, lambda done, total: None)
        constant, slope = calibrate(live.totals, found.won)
        given = {
            "live model of marketing": 1 / (1 + np.exp(-(constant + slope * live.totals))),
            "hidden truth": np.array([hidden[emails[lead]] for lead, _ in found.moments]),
        }
        return table, {name: scores[past.kept] for name, scores in given.items()}
