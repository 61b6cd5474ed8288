"""The rights of leads/access.py in words: a line for each kind of thing, with what each role does with it."""

from dataclasses import dataclass

from django.apps import apps

from leads.access import PERMISSIONS
from leads.enums import Role

VERBS = {"view": "see", "add": "add", "change": "change", "delete": "delete", "publish": "publish",
         "release": "put back into the queue"}  # fmt: skip
# Where the name of the model is not the word of the product.
WORDS = {
    "apitoken": "API tokens", "assumption": "Assumptions of the forecast",
    "calendar": "Calendars and holidays", "capacity": "Capacity of reps",
    "cleanup": "Clean-ups", "crossing": "Leads entering and leaving rules", "duplicatepair": "Duplicates",
    "effect": "Outbox", "endpoint": "Webhooks and Slack channels", "entry": "History of scores",
    "eventkind": "Kinds of activity", "event": "Activities", "feedback": "Answers to handoffs",
    "importproblem": "Problems of imports", "mergerule": "Merging by itself", "notice": "Notices",
    "nurturelist": "Nurture lists", "override": "Labels set by hand", "problem": "Data quality",
    "promise": "Clocks by label", "quarantine": "Quarantine", "rejectionreason": "Reasons for rejecting",
    "report": "Reports", "routingrule": "Routing rules", "scoringmodel": "Scoring models", "standing": "Scores",
    "user": "People", "writekey": "Write keys", "membership": "Roles of people",
}  # fmt: skip
TITLES = {"leads": "Leads and the work with them", "scoring": "Scoring", "reports": "Reports"}


@dataclass(frozen=True)
class Right:
    """What each role does with one kind of thing: (role, words) in the order of the enum; no words are nothing."""

    thing: str
    may: list[tuple[str, str]]


def rights() -> dict[str, list[Right]]:
    """Title of the section → its lines, by name. Made from PERMISSIONS alone, so it cannot say anything else."""
    sections: dict[str, dict[str, dict[str, set[str]]]] = {}
    for role, permissions in PERMISSIONS.items():
        for permission in permissions:
            app, _, name = permission.partition(".")
            verb, _, model = name.partition("_")
            sections.setdefault(app, {}).setdefault(model, {}).setdefault(role, set()).add(verb)
    return {title: _lines(app, sections.get(app, {})) for app, title in TITLES.items()}


def _lines(app: str, models: dict[str, dict[str, set[str]]]) -> list[Right]:
    lines = [Right(_word(app, model), [_said(role, by) for role in Role]) for model, by in models.items()]
    return sorted(lines, key=lambda right: right.thing)


def _said(role: Role, by: dict[str, set[str]]) -> tuple[str, str]:
    verbs = by.get(role.value, set())
    return str(role.label), ", ".join(word for verb, word in VERBS.items() if verb in verbs)


def _word(app: str, model: str) -> str:
    if model in WORDS:
        return WORDS[model]
    name = str(apps.get_model(app, model)._meta.verbose_name_plural)
    return name[:1].upper() + name[1:]
