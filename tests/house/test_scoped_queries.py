"""In views, the API and the admin every query begins at visible_to, except those listed here with the reason."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
WHERE = (
    "leads/views",
    "leads/api",
    "leads/admin",
    "scoring/views",
    "scoring/api",
    "scoring/admin",
    "reports/views",
    "reports/api",
    "reports/forecast/views",
    "reports/forecast/api",
    "reports/forecast/forms",
)
# Words of a statement by which its rows are the person's own: of their teams, none yet, or rows made by VisibleRow.
SCOPED = ("visible_to(", ".none()", "VisibleRow(", "teams_with(", "teams_of(", "sources_of(", "user=request.user")
# Rows that belong to the company, not to a team: everybody's, as far as their role allows the act.
OF_THE_COMPANY = {"Arm", "Calibration", "ControlSample", "Criterion", "Entry", "EventKind", "Experiment", "Field",
                  "ForecastCount", "Group", "Health", "Learning", "Preview", "Publication", "Refresh",
                  "RejectionReason",
                  "ScheduledPublication", "ScoringModel", "Suggestion", "SuggestionCount", "Version"}  # fmt: skip
BELOW = "of a row that was found through visible_to just before"
KEY = "a secret key is what lets them in; there is no person yet"
ANSWERED = "limited by the teams or the person right after"
EXCEPTIONS: dict[str, dict[str, str]] = {
    "leads/views/absences.py": {"Absence": ANSWERED},
    "leads/views/companies.py": {"Lead": "counts people of companies that are on the page"},
    "leads/views/duplicates.py": {"Merge": BELOW},
    "leads/views/forms.py": {"LeadForm": KEY, "Call": KEY},
    "leads/views/handoffs.py": {"Lead": "in the teams that the person hands off in"},
    "leads/views/imports.py": {"Import": BELOW, "Source": BELOW},
    "leads/views/joining.py": {"User": KEY},
    "leads/views/lead.py": {"Lead": "of the team the form was checked for"},
    "leads/views/crm_hooks.py": {"Connection": "a CRM sends there; its signature is the key"},
    "leads/views/mail_hooks.py": {"MailHook": KEY, "Call": KEY},
    "leads/views/notices.py": {"Notice": BELOW},
    "leads/views/nurture.py": {"NurtureMember": BELOW},
    "leads/views/people.py": {
        "Lead": "counts the leads of memberships that were found through visible_to",
        "Membership": "of departures that were found through visible_to",
    },
    "leads/views/profile.py": {"SignIn": BELOW},
    "leads/views/roles.py": {"Membership": "of teams that were found through visible_to"},
    "leads/views/rule_form.py": {"User": "colleagues, and who the rule tells already"},
    "leads/views/rules.py": {"Segment": BELOW},
    "leads/views/sign_in.py": {"SignIn": "the person's own"},
    "leads/views/sources.py": {"LeadForm": BELOW, "Call": BELOW, "WriteKey": BELOW, "Source": BELOW},
    "leads/views/tracking.py": {"WriteKey": KEY},
    "leads/views/webhooks.py": {"Effect": BELOW},
    "leads/api/authentication.py": {"ApiToken": KEY},
    "leads/api/handoffs.py": {"Handoff": "narrows rows that are visible"},
    "leads/api/imports.py": {"Source": "of a team that was checked"},
    "leads/api/inputs.py": {"User": "VisibleRow begins at visible_to", "Source": "of a team that was checked"},
    "leads/api/notices.py": {"Notice": BELOW},
    "leads/api/nurture.py": {"Lead": "of the team of a list that was found through visible_to"},
    "leads/api/rules.py": {"Rule": BELOW},
    "leads/api/selling.py": {"Calendar": "of a team that was checked", "Capacity": BELOW},
    "leads/api/webhooks.py": {"Endpoint": BELOW},
    "leads/admin/people.py": {
        "Team": "those the person administers", "ApiToken": "of people in these teams",
        "User": "of people in these teams", "Membership": "of a team that is made",
    },
    "leads/admin/sources.py": {"WriteKey": BELOW},
    "reports/forecast/forms.py": {"TeamForecast": "of a team that was checked"},
    "scoring/views/standings.py": {"Handoff": BELOW},
    "scoring/views/control.py": {"Team": "counts all teams, of which what holds for every team is everybody's"},
    "scoring/api/control.py": {"Team": "counts all teams, of which what holds for every team is everybody's"},
}  # fmt: skip


def modules() -> Iterator[Path]:
    for folder in WHERE:
        yield from [*sorted((ROOT / folder).rglob("*.py")), *(ROOT / folder).parent.glob(f"{Path(folder).name}.py")]


def unscoped(source: str) -> Iterator[str]:
    """Models whose `.objects` a statement uses without a word that limits the rows.

    A class's `queryset` is not asked: ReadViewSet and VisibleAdmin begin it at visible_to.
    """
    for statement in ast.walk(ast.parse(source)):
        if not isinstance(statement, ast.stmt):
            continue
        parts = list(_own(statement))
        text = " ".join(ast.unparse(part) for part in parts)
        if any(word in text for word in SCOPED) or ast.unparse(statement).startswith("queryset = "):
            continue
        for node in (node for part in parts for node in ast.walk(part)):
            if isinstance(node, ast.Attribute) and node.attr == "objects" and isinstance(node.value, ast.Name):
                yield node.value.id


def _own(statement: ast.stmt) -> Iterator[ast.AST]:
    """What a statement says itself, without the statements inside it."""
    nested = (ast.stmt, ast.ExceptHandler, ast.match_case)
    return (part for part in ast.iter_child_nodes(statement) if not isinstance(part, nested))


def found() -> dict[str, set[str]]:
    """File → models asked without a limit."""
    seen = {str(path.relative_to(ROOT)): set(unscoped(path.read_text())) - OF_THE_COMPANY for path in modules()}
    return {file: models for file, models in seen.items() if models}


def test_every_query_begins_at_visible_to() -> None:
    listed = {file: set(reasons) for file, reasons in EXCEPTIONS.items()}
    new = {file: models - listed.get(file, set()) for file, models in found().items()}
    assert {file: models for file, models in new.items() if models} == {}


def test_no_exception_is_left_over() -> None:
    seen = found()
    left = {file: set(reasons) - seen.get(file, set()) for file, reasons in EXCEPTIONS.items()}
    assert {file: models for file, models in left.items() if models} == {}


def test_it_sees_a_query_of_everybody() -> None:
    """Negative control."""
    code = (
        "def view(request, pk):\n    mine = Lead.objects.visible_to(request.user)\n    return Lead.objects.get(pk=pk)"
    )
    assert list(unscoped(code)) == ["Lead"]
