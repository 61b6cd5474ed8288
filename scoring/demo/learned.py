"""What the worker would have found in the year: how likely leads are, what to suggest, how the model fares, a card."""

from django.utils import timezone

from scoring import health
from scoring.demo import people
from scoring.learning import job
from scoring.learning.readiness import usual_question
from scoring.likelihood import calibrate_due
from scoring.models import Learning
from scoring.suggestions.counting import count_due


def learn() -> Learning:
    """A card that marketing asked for this morning, waiting to be looked at."""
    calibrate_due()
    count_due()
    health.refresh_due()
    row = job.ask(usual_question(timezone.now()), by=people.marketer())
    job.run(row)
    row.refresh_from_db()
    return row
