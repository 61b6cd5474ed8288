from scoring.models.criterion import Criterion, Group
from scoring.models.entry import Entry
from scoring.models.scoring_model import ScoringModel
from scoring.models.version import Version

__all__ = ["Criterion", "Entry", "Group", "ScoringModel", "Version"]
