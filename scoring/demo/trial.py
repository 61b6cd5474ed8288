"""A finished experiment of the demo: do leads who fit deserve a call before they have done much?

The challenger calls A3, A4, B2 and B3 Hot, too. The engine draws, scores by both sides, looks and watches on evenings
of the year as it does every hour of a real one; what it says is what it found.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, OuterRef, Subquery

from leads.enums import Label
from leads.models import Lead, Standing
from leads.statistics import Rate
from scoring.demo import people
from scoring.demo.calendar import DAYS
from scoring.engine.evaluate import evaluate
from scoring.engine.sides import number_of
from scoring.engine.trials import enrol
from scoring.experiments.ending import close, forget, retire
from scoring.experiments.guards import watch
from scoring.experiments.looks import BETTER, seen, take
from scoring.experiments.plan import Volume, plan, shares_of
from scoring.experiments.running import Challenger, Since, start
from scoring.models import Arm, Ending, Experiment, LastScore, Look, Outcome, Participant, ScoringModel

FIRST_DAY, LAST_DAY = DAYS - 236, DAYS - 76
NAME = "Offer sooner"
SOONER = dict.fromkeys(("A3", "A4", "B2", "B3"), Label.HOT)
SALT = "5ca1ab1e"
BASE, EFFECT, WITHIN = 0.06, 0.06, 30
NUMBERS = ("fit", "engagement", "total", "grade", "label", "points")
WEEKLY, TALKED = 7, 6  # days; so long marketing and sales talk about a verdict
BOTH = (
    "Sales accepts more, but would be offered more than it can work. Hot stays for those who have shown interest; the"
    " others get a call in the quiet months."
)


def after(moment: datetime) -> int:
    """The last lead that came before; whoever has a higher id came since."""
    return Lead.objects.filter(created_at__lt=moment).aggregate(last=Max("pk"))["last"] or 0


def came_when_created(experiment: Experiment) -> None:
    """The worker is quick: a lead is drawn when it comes, not on the evening on which the demo counts it."""
    came = Lead.objects.filter(pk=OuterRef("lead")).values("created_at")
    late = Participant.objects.filter(experiment=experiment).exclude(entered_at=Subquery(came))
    late.update(entered_at=Subquery(came))


@dataclass(frozen=True)
class Side:
    """The leads that a version decides: the champion's, where no `arm` is, all of them."""

    version: int
    arm: Arm | None = None

    def decides(self, lead: int) -> bool:
        if self.arm is None:
            return True
        number = number_of(SALT, lead) if lead > self.arm.experiment.after else 0
        return self.arm.low <= number < self.arm.high


class Trial:
    """What runs on the model in those months. `experiment` is None before and after."""

    def __init__(self, model: ScoringModel, leads: int) -> None:
        self.model, self.leads = model, leads
        self.experiment: Experiment | None = None
        self.champion = 0
        self._decided: datetime | None = None
        self._note = "Ended with the quarter."

    @property
    def sides(self) -> list[Side]:
        """Who is scored by what, now."""
        arms = self.experiment.arms.order_by("position") if self.experiment else []
        return [Side(arm.version_id, arm) for arm in arms] or [Side(self.champion)]

    def begin(self, moment: datetime) -> list[Side]:
        labels = self.model.labels
        ScoringModel.objects.filter(pk=self.model.pk).update(labels=labels | SOONER)
        known = Volume(self.leads / 52, 0.0, *(Rate(0, 0),) * 3)
        asked = plan(known, outcome=Outcome.ACCEPTED, within=WITHIN, base=BASE, effect=EFFECT, shares=shares_of(1))
        self.experiment = start(
            self.model, name=NAME, challengers=[Challenger(ScoringModel.objects.get(pk=self.model.pk))], plan=asked,
            by=people.marketer(),
            since=Since(after(moment), moment, SALT),
        )  # fmt: skip
        ScoringModel.objects.filter(pk=self.model.pk).update(labels=labels)  # the draft goes on as it was
        self.champion = self.experiment.champion_id
        return self.sides

    def is_due(self, day: int) -> bool:
        """Something is to be seen on that evening; handoffs have to be there then."""
        return self.experiment is not None and (day - FIRST_DAY) % WEEKLY == 0

    def see(self, day: int, evening: datetime) -> bool:
        """Look and watch, and stop when sales and marketing have talked. Returns whether it has ended."""
        experiment = self.experiment
        assert experiment is not None
        enrol(list(Standing.objects.filter(pk__gt=experiment.after).values_list("pk", flat=True)), evening)
        came_when_created(experiment)
        if look := experiment.looks.filter(taken_at=None, due_at__lte=evening).first():
            self._judge(look, evening)
        watch(experiment, evening)
        talked = self._decided is not None and evening - self._decided >= timedelta(days=TALKED)
        if talked or day + WEEKLY > LAST_DAY:
            self._end(experiment, evening)
        return self.experiment is None

    def _judge(self, look: Look, evening: datetime) -> None:
        if take(look, evening):
            self._decided = evening
            look.refresh_from_db()
            if (best := seen(look).best) and best.says == BETTER:
                self._note = BOTH

    def _end(self, experiment: Experiment, evening: datetime) -> None:
        close(experiment, Ending.STOPPED, evening, by=people.marketer().pk, note=self._note)
        _keep(experiment, evening)
        forget(experiment)
        retire(experiment)
        self.experiment = None


def _keep(experiment: Experiment, evening: datetime) -> None:
    """What each side says on the last evening: the year is counted by the side that decides alone."""
    took = list(experiment.participants.values_list("lead", flat=True))
    for arm in experiment.arms.select_related("version"):
        LastScore.objects.bulk_create(
            LastScore(arm=arm, as_of=evening, **{name: getattr(result, name) for name in ("lead_id", *NUMBERS)})
            for result in evaluate(arm.version, took, evening) if result.version is not None
        )  # fmt: skip
