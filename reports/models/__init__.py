"""What reports remember: weeks that were mailed, what came of each lead counted beforehand, what sources cost."""

from reports.models.digest import Digest
from reports.models.forecast import Assumption, ForecastCount, TeamForecast
from reports.models.handoff import HandoffFact, Word
from reports.models.sourcecost import SourceCost
from reports.models.summary import Change, Counting, Fact, Tally

__all__ = [
    "Assumption", "Change", "Counting", "Digest", "Fact", "ForecastCount", "HandoffFact", "SourceCost", "Tally",
    "TeamForecast", "Word",
]  # fmt: skip
