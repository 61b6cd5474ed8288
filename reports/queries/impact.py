"""What came of leads that have something in common: how many bought, how long it took, for how much?"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Annotated, Any

from django.utils import timezone

from leads.enums import Label
from leads.models import Team
from leads.statistics import Interval, Rate, difference
from reports.figures import Figure, Report
from reports.models.summary import Chosen
from reports.queries.outcomes import closing_by, in_time_by, sums_by
from reports.scope import NONE, Scope
from reports.summaries.facts import FAIR, SETTLED
from reports.survival import Closing
from scoring.models import Version

_CLOSE = (
    "of those who close by the end of what was watched, had closed; leads still open count as long as they were "
    "watched (Kaplan–Meier). Empty: fewer than 10 customers."
)
OF_AGE = ("month", "version")  # groups that differ in age before all


@dataclass(frozen=True)
class Impact:
    name: Annotated[str, Figure("Of", "What the leads have in common. Empty: it is not known.")]
    leads: Annotated[int, Figure("Leads", "Leads created in the period.", behind="leads")]
    customers: Annotated[
        Rate, Figure("Customers", "Those with a won deal by now, however they got there.", behind="customers")
    ]
    gap: Annotated[
        float | None,
        Figure(
            "Against the rest",
            "Share of customers minus that of all other leads of the period. By month and by version: of leads that "
            f"are {FAIR} days old, customers within these, so that ages are not compared. Empty: fewer than 30 on a "
            "side.",
            kind="gap",
        ),
    ]
    low: Annotated[
        float | None, Figure("Against the rest: low", "Low end of its 95 % interval (Newcombe).", aside=True)
    ]
    high: Annotated[float | None, Figure("Against the rest: high", "High end of it.", aside=True)]
    in_time: Annotated[
        float | None,
        Figure(
            f"Within {FAIR} days",
            f"Share of customers by day {FAIR} of their age, leads still open counted as long as they were watched "
            "(Kaplan–Meier): fair to leads that came last week. Empty: fewer than 30 leads are that old.",
            kind="share",
        ),
    ]
    quarter: Annotated[
        int | None,
        Figure("A quarter closed", f"Days since the lead came by which a quarter {_CLOSE}", kind="days", aside=True),
    ]
    half: Annotated[
        int | None,
        Figure("Half closed", f"Days since the lead came by which half {_CLOSE}", kind="days", behind="closed"),
    ]
    three_quarters: Annotated[
        int | None,
        Figure(
            "Three quarters closed",
            f"Days since the lead came by which three quarters {_CLOSE}",
            kind="days",
            aside=True,
        ),
    ]
    average_deal: Annotated[
        float | None, Figure("Average deal", "Mean amount of their won deals that have one.", kind="money", n="priced")
    ]
    priced: Annotated[int, Figure("Won deals with an amount", "The n of the average deal.", aside=True)]
    revenue: Annotated[float, Figure("Revenue", "Sum of their won deals.", kind="money", behind="customers")]
    only: dict[str, str] = field(default_factory=dict)
    label: str = ""
    closing: Closing | None = None


DIMENSIONS: dict[str, tuple[str, str]] = {
    "label": ("Impact by label", "Leads created in the period, by the label they had when it mattered."),
    "grade": (
        "Impact by grade",
        "Leads created in the period, 30 days old or more, by the grade they had when it mattered.",
    ),
    "source": ("Impact by source", "Leads created in the period, by the channel they came from."),
    "team": ("Impact by team", "Leads created in the period, by the team they are of."),
    "month": ("Impact by month", "Leads created in the period, by the month in which they were."),
    "version": ("Impact by version", "Leads created in the period, by the version of the model that gave their label."),
    "chosen": (
        "Impact of choosing by score",
        "Leads created in the period and handed off: those a rule chose by score, those a person chose whatever "
        "their score, and those the control sample drew by lot.",
    ),
}
WAYS = {
    "label": "Label", "grade": "Grade", "source": "Source", "team": "Team", "month": "Month", "version": "Version",
    "chosen": "Chosen by",
}  # fmt: skip
_COLUMN = {"team": "team_id"}
_NOT = {"chosen": Chosen.NOBODY}  # who was never handed off was chosen by nobody
# Best first, earliest first, newest first; of the others the largest.
_ORDER: dict[str, Callable[[Any], Any]] = {
    "label": (*Label.values, "").index,
    "grade": lambda key: (not key, key),
    "month": lambda key: key,
    "version": lambda key: -key,
    "chosen": Chosen.values.index,
}


def impact(scope: Scope, dimension: str) -> list[Impact]:
    """Each group against all others. Five queries at most."""
    by = _COLUMN.get(dimension, dimension)
    part = scope.aged(SETTLED) if dimension == "grade" else scope
    closings = closing_by(part, by)
    groups = {row[by]: row for row in sums_by(part, by) if row["leads"] and row[by] != _NOT.get(dimension)}
    compared = {key: Rate(row["customers"], row["leads"]) for key, row in groups.items()}
    if dimension in OF_AGE:
        compared = in_time_by(scope, by)
    named = _named(dimension, list(groups))
    order = _ORDER.get(dimension, lambda key: (-groups[key]["leads"], named[key][0], key))
    return [
        _row(*named[key], groups[key], _against_the_rest(compared, key), closings.get(key),
             key if dimension == "label" else "")
        for key in sorted(groups, key=order)
    ]  # fmt: skip


def _against_the_rest(compared: dict[Any, Rate], key: Any) -> tuple[float, Interval] | None:
    """None: too few on a side to say."""
    mine = compared.get(key, Rate(0, 0))
    rest = Rate(sum(rate.k for rate in compared.values()) - mine.k, sum(rate.n for rate in compared.values()) - mine.n)
    interval = difference(mine, rest)
    return None if interval is None else (mine.k / mine.n - rest.k / rest.n, interval)


def _row(
    name: str, only: dict[str, str], group: dict[str, Any], gap: tuple[float, Interval] | None,
    closed: Closing | None, label: str,
) -> Impact:  # fmt: skip
    days = [closed.quantile(part) if closed else None for part in (0.25, 0.5, 0.75)]
    return Impact(
        name=name, leads=group["leads"], customers=Rate(group["customers"], group["leads"]),
        gap=gap[0] if gap else None, low=gap[1].low if gap else None, high=gap[1].high if gap else None,
        in_time=closed.by(FAIR) if closed else None, quarter=days[0], half=days[1], three_quarters=days[2],
        average_deal=float(group["value"]) / group["priced"] if group["priced"] else None,
        priced=group["priced"], revenue=float(group["value"]), only=only, label=label,
        closing=closed,
    )  # fmt: skip


def _named(dimension: str, keys: list[Any]) -> dict[Any, tuple[str, dict[str, str]]]:
    """What each group is called, and how an address asks for it. One query at most."""
    names: dict[Any, str] = {}
    match dimension:
        case "team":
            teams = Team.objects.filter(pk__in=keys).values_list("pk", "name", "slug")
            return dict.fromkeys(keys, ("", {"team": ""})) | {key: (name, {"team": slug}) for key, name, slug in teams}
        case "month":
            return {key: (f"{key:%b %Y}", {"month": f"{key:%Y-%m}"}) for key in keys}
        case "version":
            names = version_names(keys)
        case "label":
            names = {"": "Not scored", **dict(Label.choices)}
        case "chosen":
            names = dict(Chosen.choices)
    return {key: (names.get(key, str(key)), {dimension: str(key) or NONE}) for key in keys}


def version_names(keys: Iterable[int]) -> dict[int, str]:
    """Model, number and the day from which it held, in the zone of the reader as on its own page. One query."""
    known = {version.pk: version for version in Version.objects.filter(pk__in=keys).select_related("model")}
    return {key: _version(known.get(key)) for key in keys}


def _version(version: Version | None) -> str:
    return f"{version}, from {timezone.localtime(version.published_at):%-d %b %Y}" if version else "Not scored"


def _report(dimension: str) -> Report:
    title, about = DIMENSIONS[dimension]
    name = f"impact-by-{dimension}"
    return Report(name=name, title=title, about=about, row=Impact, rows=lambda scope: impact(scope, dimension))


REPORTS = {dimension: _report(dimension) for dimension in DIMENSIONS}
