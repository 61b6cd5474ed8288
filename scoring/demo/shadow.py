"""An experiment of the demo: version 1 in the shadow of what is live, over the leads of the last eight weeks.

A shadow decides nothing, so the year is the same with it and without, and the model can be published all the same.
"""

from datetime import timedelta

from leads.models import Standing
from scoring.demo import people
from scoring.demo.calendar import DAYS, Year
from scoring.demo.trial import after, came_when_created
from scoring.engine.evaluate import database_clock
from scoring.engine.trials import record_trials
from scoring.experiments.plan import Plan
from scoring.experiments.running import Challenger, Since, start
from scoring.models import Outcome, ScoringModel
from scoring.pipeline import live_versions

WEEKS = 8
NAME = "What version 1 would have said"
PAGE = 5_000


def cast(model: ScoringModel, year: Year) -> None:
    """Start it eight weeks ago, and score by both whoever came since. Call it with nothing due."""
    began = year.moment(DAYS) - timedelta(weeks=WEEKS)
    first_lead = after(began)
    plan = Plan(Outcome.ACCEPTED, 30, 0.05, 0.03, (0.5, 0.5), 2500, 50.0, None)
    first = model.versions.order_by("number")[0]
    experiment = start(
        model, name=NAME, challengers=[Challenger(first)], plan=plan, by=people.marketer(), shadow=True,
        since=Since(first_lead, began),
    )  # fmt: skip
    versions, moment = live_versions(), database_clock()
    leads = list(Standing.objects.filter(pk__gt=first_lead).order_by("pk").values_list("pk", flat=True))
    for at in range(0, len(leads), PAGE):
        record_trials(versions, leads[at : at + PAGE], moment)
    came_when_created(experiment)
