"""Start an experiment, stop it, promote a challenger.

    start → looks are taken when due → promote | stop

Start and stop hold the draft, then all standings, as a switch does: a worker sees the sides of before or of after.
"""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.utils import timezone

from leads.models import Lead
from leads.retry import retried
from scoring import publishing
from scoring.approvals import check_approved
from scoring.draft import check_draft
from scoring.engine.definition import Definition, freeze, load
from scoring.engine.sides import PARTS
from scoring.experiments.ending import close, forget, keep, retire
from scoring.experiments.plan import LOOKS, MOST, Plan
from scoring.freezing import freeze_version, held_draft, hold_standings
from scoring.models import Arm, Ending, Experiment, Publication, ScoringModel, Version, VersionState


@dataclass(frozen=True)
class Challenger:
    """`source`: the draft of a model, this or another one, or an older version of this one."""

    source: ScoringModel | Version

    @property
    def name(self) -> str:
        if isinstance(self.source, Version):
            return f"Version {self.source.number}"
        return f"Draft of {self.source}"


@dataclass(frozen=True)
class Since:
    """A start in the past, for the demo: from which lead on, when, and how sides are drawn."""

    after: int
    at: datetime
    salt: str = ""


@retried
def start(
    model: ScoringModel, *, name: str, challengers: Sequence[Challenger], plan: Plan, by: Any, shadow: bool = False,
    since: Since | None = None,
) -> Experiment:  # fmt: skip
    """From now on each new lead of the model is on one side, drawn by lead. Nobody's present score changes.

    Challengers are frozen for the run, for the champion's audience. Raises ValidationError where one runs already on
    the model, nothing is live, or a challenger cannot be scored or is what is live; ApprovalMissing as publishing does.
    """
    with transaction.atomic():
        held = held_draft(model)
        champion = _champion(held)
        definitions = [_definition(one, held, champion, by, shadow) for one in challengers]
        _check_different(definitions, champion, challengers)
        hold_standings()
        experiment = _create(held, champion, name, plan, by, shadow, since or _now())
        _sides(experiment, definitions, challengers, plan, by)
        if not shadow:
            experiment.looks.create(number=1, due_at=_first_look(experiment))
        return experiment


def _champion(model: ScoringModel) -> Version:
    if running := model.experiments.running().first():
        raise ValidationError(f"“{running}” runs on {model} already: two on one audience would spoil each other.")
    if Publication.objects.filter(version__model=model, finished_at=None).exists():
        raise ValidationError("A version of this model is being scored. Start when it is live.")
    champion = Version.objects.live().filter(model=model).first()
    if champion is None:
        raise ValidationError("Nothing of this model is live, so there is no champion. Publish a version first.")
    return champion


def _definition(challenger: Challenger, model: ScoringModel, champion: Version, by: Any, shadow: bool) -> Definition:
    """What the challenger says, of the champion's audience."""
    source, audience = challenger.source, load(champion.definition).audience
    if isinstance(source, Version):
        return replace(load(source.definition), audience=audience)
    if not shadow:  # it will decide leads, as if it were published
        check_approved(source, by=by)
    check_draft(source)
    definition = replace(load(freeze(source)), audience=audience)
    return definition if source.pk == model.pk else _with_ids_of_its_own(definition)


def _with_ids_of_its_own(definition: Definition) -> Definition:
    """Criteria of another model's draft stay that model's: here they are new ones."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('scoring_criterion', 'id')) FROM generate_series(1, %s)",
            [len(definition.criteria)],
        )
        ids = [row[0] for row in cursor.fetchall()]
    criteria = (replace(rule, id=pk) for rule, pk in zip(definition.criteria, ids, strict=True))
    return replace(definition, criteria=tuple(criteria))


def _check_different(definitions: list[Definition], champion: Version, challengers: Sequence[Challenger]) -> None:
    if not 1 <= len(definitions) <= MOST:
        raise ValidationError(f"Choose one to {MOST} challengers.")
    seen = [_says(load(champion.definition))]
    for definition, challenger in zip(definitions, challengers, strict=True):
        if (says := _says(definition)) in seen:
            raise ValidationError(f"{challenger.name} says the same as another side, so there is nothing to compare.")
        seen.append(says)


def _says(definition: Definition) -> Definition:
    return replace(definition, criteria=tuple(replace(rule, id=0) for rule in definition.criteria))


def _now() -> Since:
    return Since(Lead.objects.aggregate(last=Max("pk"))["last"] or 0, timezone.now())


def _create(
    model: ScoringModel, champion: Version, name: str, plan: Plan, by: Any, shadow: bool, since: Since
) -> Experiment:
    try:
        with transaction.atomic():
            return Experiment.objects.create(
                model=model, name=name.strip() or f"Against version {champion.number}",
                champion=champion, shadow=shadow, outcome=plan.outcome, within=plan.within, base=plan.base,
                effect=plan.effect, planned=plan.planned, looks_planned=LOOKS, days_between=plan.days_between,
                salt=since.salt or secrets.token_hex(8), after=since.after,
                started_at=since.at, started_by=by, watched_at=since.at,
            )  # fmt: skip
    except IntegrityError:
        raise ValidationError(f"An experiment runs on {model} already.") from None


def _sides(
    experiment: Experiment, definitions: list[Definition], challengers: Sequence[Challenger], plan: Plan, by: Any
) -> None:
    """What does not divide is the champion's. In shadow mode all leads are."""
    share = 0 if experiment.shadow else int(PARTS * plan.shares[1] + 1e-6)
    end = PARTS - share * len(definitions)
    name = f"Version {experiment.champion.number}"
    Arm.objects.create(experiment=experiment, position=0, name=name, version=experiment.champion, low=0, high=end)
    for place, (definition, challenger) in enumerate(zip(definitions, challengers, strict=True), 1):
        version = freeze_version(
            experiment.model, asdict(definition), position=experiment.champion.position, state=VersionState.TRIAL,
            note=f"{challenger.name}, for the experiment “{experiment}”", published_by=by,
            published_at=experiment.started_at,
        )  # fmt: skip
        publishing.check_scorable(version)
        low = end + share * (place - 1)
        Arm.objects.create(
            experiment=experiment, position=place, name=challenger.name, version=version, low=low, high=low + share
        )


def _first_look(experiment: Experiment) -> Any:
    wait = 0 if experiment.outcome == "decided" else experiment.within
    return experiment.started_at + timedelta(days=wait + experiment.days_between)


@retried
def stop(experiment: Experiment, *, by: Any, note: str = "") -> bool:
    """End it without promoting: the champion scores every lead again, and nobody is handed off because of it.

    Returns whether it still ran. Raises ValidationError while a challenger is being promoted.
    """
    with transaction.atomic():
        held_draft(experiment.model)
        promoted = Publication.objects.filter(version__arms__experiment=experiment, finished_at=None)
        if promoted.exists():
            raise ValidationError("A challenger is being promoted. Stop that first, on the page of the publication.")
        hold_standings()
        if not close(experiment, Ending.STOPPED, timezone.now(), by=by and by.pk, note=note[:300]):
            return False
        keep(experiment)
        forget(experiment)
        retire(experiment)
        return True


def promote(experiment: Experiment, arm: Arm, *, by: Any, note: str = "") -> Publication:
    """Publish the challenger as it was frozen, for every lead. The experiment ends with the switch.

    Raises ValidationError where it is over, or the side is the champion; PublicationRunning as publishing does.
    """
    if arm.is_champion or arm.experiment_id != experiment.pk:
        raise ValidationError("Choose a challenger. To keep the champion, stop the experiment.")
    words = note.strip() or f"Promoted from the experiment “{experiment}”"
    return publishing.promote(arm.version, by=by, note=words[:300])
