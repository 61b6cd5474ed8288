"""Who may do what: roles are constants of the code, not rows.

A permission is Django's "<app>.<verb>_<model>". A person has a permission when one of their roles lists it; what they
then see is limited to their teams by `visible_to`. Both are asked, always.
"""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from leads.enums import Role

VIEW, ADD, CHANGE, DELETE = "view", "add", "change", "delete"


def _may(app: str, models: str, *verbs: str) -> set[str]:
    return {f"{app}.{verb}_{model}" for model in models.split() for verb in verbs}


_EVERYBODY = (
    _may("leads", "lead company event eventkind deal handoff feedback standing source team field", VIEW)
    | _may("leads", "rejectionreason", VIEW)
    | _may("scoring", "scoringmodel version criterion group entry override", VIEW)
)

PERMISSIONS: dict[str, set[str]] = {
    Role.REP: _EVERYBODY | _may("leads", "feedback", ADD) | _may("leads", "handoff lead", CHANGE),
    Role.MARKETING: _EVERYBODY
    | _may("leads", "lead company event deal", ADD, CHANGE)
    | _may("leads", "import importproblem", VIEW, ADD, CHANGE)
    | _may("leads", "field eventkind rejectionreason source", ADD, CHANGE)
    | _may("leads", "handoff", ADD)
    | _may("scoring", "scoringmodel criterion group version", ADD, CHANGE, DELETE)
    | _may("scoring", "override", ADD, DELETE)
    | {"scoring.publish_scoringmodel", "reports.view_report"},
    Role.MANAGER: _EVERYBODY
    | _may("leads", "feedback handoff", ADD)
    | _may("leads", "handoff lead", CHANGE)
    | _may("scoring", "override", ADD, DELETE)
    | {"leads.view_user", "leads.view_membership", "reports.view_report"},
}
PERMISSIONS[Role.ADMIN] = (
    PERMISSIONS[Role.MARKETING]
    | PERMISSIONS[Role.MANAGER]
    | _may("leads", "team user membership", VIEW, ADD, CHANGE)
    | _may("leads", "apitoken writekey", VIEW, ADD, CHANGE, DELETE)
    | _may("leads", "membership field eventkind rejectionreason", DELETE)
)


class RoleBackend(ModelBackend):
    """Signs people in by e-mail and password, and answers permission questions from their roles."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if not user_obj.is_active or user_obj.is_anonymous:
            return set()
        return set().union(*(PERMISSIONS[role] for role in user_obj.roles))

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return perm in self.get_all_permissions(user_obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return any(perm.startswith(f"{app_label}.") for perm in self.get_all_permissions(user_obj))
