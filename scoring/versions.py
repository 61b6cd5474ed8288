"""Any two states of a model side by side."""

from leads.conditions.vocabulary import Vocabulary
from leads.requests import whole
from scoring.diff import Difference, differences
from scoring.engine.definition import Definition, freeze, load
from scoring.models import ScoringModel

DRAFT = "draft"


def compared(model: ScoringModel, before: str, after: str) -> list[Difference]:
    """Both are the number of a version, or "draft". Raises LookupError, in words."""
    return differences(_definition(model, before), _definition(model, after), Vocabulary.load())


def _definition(model: ScoringModel, name: str) -> Definition:
    if name == DRAFT:
        return load(freeze(model))
    version = model.versions.filter(number=whole(name, digits=9)).first()
    if version is None:
        raise LookupError(f"{model} has no version {name!r}; say a number, or draft.")
    return load(version.definition)
