"""The scoring model marketing would have written, twice: at first, and after sales had answered for some months.

The first version forgets that students are busy and pays much for webinars. Sales rejects trainees, so the second one
takes points from students and half of what a webinar gave.
"""

from typing import Any

from leads.enums import Axis, FieldType, Label
from leads.models import Field
from scoring.demo import words
from scoring.models import Counting, Criterion, Group, ScoringModel

NAME = "Inbound leads"
FIRST_NOTE = "The criteria agreed in the kick-off with sales."
SECOND_NOTE = "Students and trainees go down, webinars count half: sales rejects too many of them."

FIELDS = [
    (Field.LEAD, "use_case", "Use case", FieldType.CHOICE, words.USE_CASES),
    (Field.LEAD, "timeline", "When they want to decide", FieldType.CHOICE, words.TIMELINES),
    (Field.LEAD, "newsletter", "Reads the newsletter", FieldType.BOOLEAN, []),
    (Field.COMPANY, "plants", "Plants", FieldType.NUMBER, []),
    (Field.COMPANY, "controls", "Control systems", FieldType.CHOICE, words.CONTROLS),
]

# name, axis, cap, floor
GROUPS = [
    ("Role", Axis.FIT, 20, None),
    ("Company", Axis.FIT, 27, None),
    ("Contact and answers", Axis.FIT, 10, None),
    ("Warning signs: who they are", Axis.FIT, None, -25),
    ("Buying intent", Axis.ENGAGEMENT, 40, None),
    ("Content and events", Axis.ENGAGEMENT, 24, None),
    ("E-mail", Axis.ENGAGEMENT, 8, None),
    ("Website", Axis.ENGAGEMENT, 10, None),
    ("Warning signs: what they do", Axis.ENGAGEMENT, None, -20),
]

PRODUCES = [name for name, (_, need, _) in words.INDUSTRIES.items() if need > 0.3]
SOLD_IN = words.listed("DE ES FR IT GB NL SE PL CZ US CA MX JP IN AU SG")
DECIDES_WITH_US = ["operations", "production", "engineering"]


def _field(name: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": name, "op": op} | ({} if value is None else {"value": value})


def _event(kind: str, days: int | None = None, at_least: int = 1, url: str = "") -> dict[str, Any]:
    test: dict[str, Any] = {"event": kind, "at_least": at_least} | ({"days": days} if days else {})
    return test | ({"where": [{"property": "url", "op": "contains", "value": url}]} if url else {})


BUSINESS_ADDRESS = {"all": [_field("email_kind", "is", "business"),
                            {"not": _field("email", "domain_in", words.FREE_MAIL)}]}  # fmt: skip
STUDENT = {"any": [_field("seniority", "is", "trainee"), _field("company.industry", "is", words.EDUCATION)]}

# group, name, condition, points, and how it counts
CRITERIA: list[tuple[str, str, dict[str, Any], int, dict[str, Any]]] = [
    ("Role", "VP or C-level", _field("seniority", "any_of", ["c_level", "vp"]), 15, {}),
    ("Role", "Director or head of department", _field("seniority", "any_of", ["director", "head"]), 12, {}),
    ("Role", "Manager", _field("seniority", "is", "manager"), 7, {}),
    ("Role", "Operations, production or engineering", _field("department", "any_of", DECIDES_WITH_US), 6, {}),
    ("Company", "200 to 5,000 employees", _field("company.employees", "between", [200, 5000]), 10, {}),
    ("Company", "Makes things", _field("company.industry", "any_of", PRODUCES), 10, {}),
    ("Company", "More than one plant", _field("company.custom.plants", "at_least", 2), 4, {}),
    ("Company", "Country we sell in", _field("country", "any_of", SOLD_IN), 5, {}),
    ("Contact and answers", "Business e-mail address", BUSINESS_ADDRESS, 4, {}),
    ("Contact and answers", "Wants to decide this quarter", _field("custom.timeline", "is", "This quarter"), 6, {}),
    ("Warning signs: who they are", "Competitor", _field("company.industry", "is", words.SOFTWARE), 0,
     {"disqualifies": True}),
    ("Buying intent", "Asked for pricing", _event("pricing_requested", 60), 25, {}),
    ("Buying intent", "Requested a demo", _event("demo_requested", 60), 25, {}),
    ("Buying intent", "Started a trial", _event("trial_started", 45), 18, {}),
    ("Buying intent", "Pricing page 3 times in 14 days", _event("page_viewed", 14, 3, "/pricing"), 12, {}),
    ("Content and events", "Attended a webinar", _event("webinar_attended"), 10,
     {"counting": Counting.HALF_LIFE, "days": 60, "at_most": 20}),
    ("Content and events", "Downloaded a guide", _event("content_downloaded"), 4,
     {"counting": Counting.LINEAR, "days": 90, "at_most": 12}),
    ("E-mail", "Clicked 2 e-mails in 14 days", _event("email_clicked", 14, 2), 3, {}),
    ("E-mail", "Replied to an e-mail", _event("email_replied", 60), 6, {}),
    ("Website", "Day on the website, last 30 days", _event("page_viewed", 30), 1,
     {"counting": Counting.EACH_DAY, "at_most": 10}),
    ("Warning signs: what they do", "Looked at jobs", _event("page_viewed", 90, url="/careers"), -6, {}),
    ("Warning signs: what they do", "Silent for 60 days", {"event": "any", "last_before": 60}, -6, {}),
]  # fmt: skip


def declare_fields() -> None:
    """The custom fields the story fills. Before the leads come, so that conditions may ask for them."""
    for of, key, label, type_, choices in FIELDS:
        defaults = {"label": label, "type": type_, "choices": choices}
        Field.objects.get_or_create(of=of, key=key, defaults=defaults)


def draft() -> ScoringModel:
    """The model as marketing first wrote it, not published."""
    model = ScoringModel.objects.create(
        name=NAME, slug="inbound", description="For every lead, whatever its team. Hot leads go to sales.",
        handoff_labels=[Label.HOT],
    )  # fmt: skip
    groups = {
        name: Group.objects.create(model=model, name=name, axis=axis, cap=cap, floor=floor, position=place)
        for place, (name, axis, cap, floor) in enumerate(GROUPS)
    }
    Criterion.objects.bulk_create(
        Criterion(model=model, group=groups[group], name=name, condition=asked, points=points, position=place, **how)
        for place, (group, name, asked, points, how) in enumerate(CRITERIA)
    )
    return model


def improve(model: ScoringModel) -> None:
    """What marketing changed after the first answers of sales. Still a draft until it is published."""
    model.groups.filter(name="Content and events").update(cap=15)
    model.criteria.filter(name="Attended a webinar").update(points=5, at_most=7)
    Criterion.objects.create(
        model=model, group=model.groups.get(name="Warning signs: who they are"), name="Student or trainee",
        condition=STUDENT, points=-20, position=len(CRITERIA),
    )  # fmt: skip
