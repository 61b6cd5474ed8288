from scoring.models.control import ControlCase, ControlSample
from scoring.models.criterion import Counting, Criterion, Group
from scoring.models.entry import Entry
from scoring.models.experiment import (
    Alarm,
    Arm,
    Ending,
    Experiment,
    LastScore,
    Look,
    Outcome,
    Participant,
    TrialScore,
)
from scoring.models.governing import Approval, PublishingPolicy, ScheduledPublication
from scoring.models.health import Health, LabelWeek, Review
from scoring.models.learning import (
    Calibration,
    Learning,
    LearningState,
    Refresh,
    Suggestion,
    SuggestionCount,
    SuggestionState,
)
from scoring.models.move import Move
from scoring.models.override import Override
from scoring.models.preview import DraftStep, Preview, PreviewScore, PreviewStage
from scoring.models.publication import Publication, PublicationPage, PublicationScore
from scoring.models.revision import Revision
from scoring.models.score import PublicationOther, Score
from scoring.models.scoring_model import ScoringModel
from scoring.models.version import Version, VersionState

__all__ = [
    "Alarm", "Approval", "Arm", "Calibration", "ControlCase", "ControlSample", "Counting", "Criterion", "DraftStep",
    "Ending", "Entry", "Experiment", "Group", "Health", "LabelWeek", "LastScore", "Learning", "LearningState", "Look",
    "Move", "Outcome", "Override", "Participant", "Preview", "PreviewScore", "PreviewStage", "Publication",
    "PublicationOther", "PublicationPage", "PublicationScore", "PublishingPolicy", "Refresh", "Review", "Revision",
    "ScheduledPublication", "Score", "ScoringModel", "Suggestion", "SuggestionCount", "SuggestionState", "TrialScore",
    "Version", "VersionState",
]  # fmt: skip
