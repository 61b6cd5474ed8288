"""Who may do what: roles are constants of the code, not rows.

A permission is Django's "<app>.<verb>_<model>". A person has it when one of their roles lists it, and has it for an
object of a team when their role in that team does: `user.has_perm("leads.change_lead", lead)`. What they see is limited
to their teams by `visible_to`. Who changes something asks both, always.
"""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from leads.enums import Role
from leads.models import Team

VIEW, ADD, CHANGE, DELETE = "view", "add", "change", "delete"


def _may(app: str, models: str, *verbs: str) -> set[str]:
    return {f"{app}.{verb}_{model}" for model in models.split() for verb in verbs}


_EVERYBODY = (
    _may("leads", "lead company event eventkind deal handoff feedback standing source team field", VIEW)
    | _may("leads", "rejectionreason segment rule crossing", VIEW)
    | _may("leads", "notice", VIEW, CHANGE)
    | _may("leads", "comment", VIEW, ADD, CHANGE, DELETE)  # one's own only: leads/talk.py
    | _may("leads", "absence", VIEW)
    | _may("leads", "nurturelist", VIEW)
    | _may("scoring", "scoringmodel version criterion group entry override", VIEW)
)

PERMISSIONS: dict[str, set[str]] = {
    Role.REP: _EVERYBODY
    | _may("leads", "feedback", ADD)
    | _may("leads", "handoff lead", CHANGE)
    | _may("leads", "deal", ADD, CHANGE)
    | _may("leads", "absence", ADD, DELETE),
    Role.MARKETING: _EVERYBODY
    | _may("leads", "nurturelist", ADD, CHANGE, DELETE)
    | _may("leads", "lead company event deal", ADD, CHANGE)
    | _may("leads", "import importproblem", VIEW, ADD, CHANGE)
    | _may("leads", "field eventkind rejectionreason source", ADD, CHANGE)
    | _may("leads", "handoff", ADD)
    | _may("leads", "endpoint connection", VIEW, ADD, CHANGE)
    | _may("leads", "problem quarantine cleanup", VIEW, ADD, CHANGE)
    | _may("leads", "segment rule", ADD, CHANGE, DELETE)
    | _may("leads", "duplicatepair", CHANGE)
    | _may("scoring", "scoringmodel criterion group version", ADD, CHANGE, DELETE)
    | _may("scoring", "override", ADD, DELETE)
    | _may("scoring", "learning suggestion", VIEW, ADD, CHANGE)
    | _may("reports", "sourcecost", VIEW, ADD, CHANGE, DELETE)
    | {"scoring.publish_scoringmodel", "reports.view_report"}
    | {"scoring.view_experiment", "scoring.run_experiment", "scoring.view_controlsample", "scoring.set_controlsample"},
    Role.MANAGER: _EVERYBODY
    | {"scoring.view_experiment", "scoring.view_controlsample"}
    | _may("leads", "nurturelist", ADD, CHANGE, DELETE)
    | _may("leads", "feedback handoff", ADD)
    | _may("leads", "handoff lead", CHANGE)
    | _may("leads", "deal", ADD, CHANGE)
    | _may("leads", "absence", ADD, CHANGE, DELETE)
    | _may("leads", "calendar promise", VIEW, ADD, CHANGE, DELETE)
    | _may("leads", "capacity", VIEW, CHANGE)
    | _may("leads", "duplicatepair", CHANGE)
    | _may("scoring", "override", ADD, DELETE)
    | _may("scoring", "learning suggestion", VIEW)
    | _may("reports", "sourcecost", VIEW, ADD, CHANGE, DELETE)
    | _may("reports", "assumption", CHANGE)
    | _may("leads", "connection user membership", VIEW)
    | {"leads.release_handoff", "reports.view_report"},
}
PERMISSIONS[Role.ADMIN] = (
    PERMISSIONS[Role.MARKETING]
    | PERMISSIONS[Role.MANAGER]
    | _may("leads", "mergerule", VIEW, ADD, CHANGE, DELETE)
    | _may("leads", "team user membership", VIEW, ADD, CHANGE)
    | _may("leads", "invitation", VIEW, ADD, CHANGE, DELETE)
    | _may("leads", "effect", VIEW, CHANGE)
    | _may("leads", "routingrule", VIEW, ADD, CHANGE, DELETE)
    | {"scoring.change_publishingpolicy"}
    | _may("leads", "apitoken writekey", VIEW, ADD, CHANGE, DELETE)
    | _may("leads", "membership field eventkind rejectionreason", DELETE)
)


def teams_with(user: Any, permission: str) -> list[int]:
    """Ids of the teams in which this person has the permission, by the role they have there."""
    if user.is_superuser:
        return list(Team.objects.values_list("pk", flat=True))
    return user.teams_as(*(role for role, listed in PERMISSIONS.items() if permission in listed))


class RoleBackend(ModelBackend):
    """Signs people in by e-mail and password, and answers permission questions from their roles."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if not user_obj.is_active or user_obj.is_anonymous:
            return set()
        team = getattr(obj, "team_id", None)  # what belongs to no team belongs to the company: any role counts
        roles = user_obj.roles if team is None else user_obj.roles_in(team)
        return set().union(*(PERMISSIONS[role] for role in roles))

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return perm in self.get_all_permissions(user_obj, obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return any(perm.startswith(f"{app_label}.") for perm in self.get_all_permissions(user_obj))
