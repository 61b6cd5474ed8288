"""What reports remember: weeks that were mailed, what came of each lead counted beforehand, what sources cost."""

from reports.models.digest import Digest
from reports.models.sourcecost import SourceCost
from reports.models.summary import Change, Counting, Fact, Tally

__all__ = ["Change", "Counting", "Digest", "Fact", "SourceCost", "Tally"]
