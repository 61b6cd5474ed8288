"""Who may do what, in words, and who has which role in my teams."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from leads.enums import Role
from leads.models import Membership, Team
from leads.people.rights import rights
from leads.requests import Request

MOST = 200


@permission_required("leads.view_team", raise_exception=True)
@require_safe
def roles(request: Request) -> HttpResponse:
    mine = Team.objects.visible_to(request.user)
    members = Membership.objects.filter(team__in=mine, user__is_active=True).select_related("user", "team")
    rows = list(members.order_by("team__name", "user__name", "pk")[:MOST])
    teams: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        people = teams.setdefault(row.team.name, {label: [] for label in Role.labels})
        people[row.get_role_display()].append(str(row.user))
    context = {"sections": rights(), "roles": Role.labels, "teams": teams, "more": len(rows) == MOST}
    return render(request, "leads/roles.html", context)


urlpatterns: list[URLPattern] = [path("roles/", roles, name="roles")]
