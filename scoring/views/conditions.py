"""What the condition builder of the admin asks while somebody edits."""

import json
from dataclasses import asdict

from django.contrib.auth.decorators import permission_required
from django.http import JsonResponse
from django.views.decorators.http import require_POST, require_safe

from leads.models import Lead
from leads.requests import Request
from scoring import conditions


@require_safe
@permission_required("scoring.view_scoringmodel", raise_exception=True)
def vocabulary(request: Request) -> JsonResponse:
    return JsonResponse(conditions.words(request.user, scoring=_scoring(request)))


@require_POST
@permission_required("scoring.view_scoringmodel", raise_exception=True)
def check(request: Request) -> JsonResponse:
    """{"condition": …} → sentence, matches among the leads of the user's teams, errors with their paths."""
    try:
        condition = json.loads(request.body)["condition"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return JsonResponse({"errors": [{"path": "", "message": 'send JSON: {"condition": …}'}]}, status=400)
    leads = Lead.objects.visible_to(request.user)
    return JsonResponse(asdict(conditions.check(condition, leads, scoring=_scoring(request))))


def _scoring(request: Request) -> bool:
    """Whether the condition is for a score; those of segments may also ask what follows from one."""
    return request.GET.get("over") != "standing"
