"""Marketing's workshop: models, groups, criteria. Only a published version scores leads."""

from scoring.admin.criteria import CriterionAdmin
from scoring.admin.models import ScoringModelAdmin
from scoring.admin.versions import VersionAdmin

__all__ = ["CriterionAdmin", "ScoringModelAdmin", "VersionAdmin"]
