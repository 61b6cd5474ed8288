"""A person may have another role in each team: what one allows in its team, it allows in no other."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads.enums import ImportKind, ImportState, Role
from leads.models import Company, Import, Lead, Membership, Problem, Source, Team, User, WriteKey
from tests.leads.api import Caller
from tests.leads.test_pages_leads import browser
from tests.sales import make_lead, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> Team:
    return make_team()


@pytest.fixture
def there() -> Team:
    return make_team("APAC")


@pytest.fixture
def ada(here: Team, there: Team) -> User:
    """Admin of one team, rep of the other."""
    person = make_user("Ada", here, Role.ADMIN)
    Membership.objects.create(user=person, team=there, role=Role.REP)
    return User.objects.get(pk=person.pk)


@pytest.fixture
def pages(ada: User) -> Client:
    return browser(ada)


def in_both(here: Team, there: Team, make: Any) -> tuple[Any, Any]:
    return make(here), make(there)


def test_rights_are_those_of_the_role_in_the_team(ada: User, here: Team, there: Team) -> None:
    mine, theirs = in_both(here, there, make_lead)
    for permission in ("leads.add_lead", "leads.add_handoff", "leads.delete_membership"):
        assert ada.has_perm(permission)
        assert [ada.has_perm(permission, lead) for lead in (mine, theirs)] == [True, False]
    assert ada.has_perm("leads.change_lead", theirs), "a rep changes leads"
    assert [ada.has_perm("leads.change_team", team) for team in (here, there)] == [True, False]
    assert ada.has_perm("scoring.change_criterion"), "criteria belong to the company"


def test_leads_are_added_only_where_the_role_allows_it(ada: User, pages: Client, here: Team, there: Team) -> None:
    assert "team" not in pages.get(reverse("lead-new")).context["form"].fields
    pages.post(reverse("lead-new"), {"first_name": "Ana", "email": "a@a.example", "team": there.pk})
    assert [lead.team for lead in Lead.objects.all()] == [here]
    caller = Caller(ada)
    assert caller.post("leads", {"email": "b@b.example"}).json()["team"] == here.pk
    refused = caller.post("leads", {"email": "c@c.example", "team": "apac"})
    assert (refused.status_code, refused.json()["fields"]) == (
        400,
        {"team": ["Your role in APAC does not allow this."]},
    )


def test_marketing_elsewhere_looks_on_as_a_manager_here(here: Team, there: Team) -> None:
    both = make_user("Bo", here, Role.MARKETING)
    Membership.objects.create(user=both, team=there, role=Role.MANAGER)
    both = User.objects.get(pk=both.pk)
    caller = Caller(both)
    lead = make_lead(there, company=Company.objects.create(team=there, name="Northgate"))
    assert caller.patch(f"companies/{lead.company_id}", {"name": "X"}).status_code == 403
    refused = caller.post("events", {"kind": "page_viewed", "lead": lead.pk})
    assert (refused.status_code, refused.json()["error"]) == (400, "team: Your role in APAC does not allow this.")
    assert Company.objects.get().name == "Northgate"
    assert not lead.events.exists()


def test_the_admin_changes_only_what_the_role_in_its_team_allows(
    ada: User, pages: Client, here: Team, there: Team
) -> None:
    mine, theirs = in_both(here, there, lambda team: Company.objects.create(team=team, name=f"Of {team}"))
    for company, status in ((mine, 302), (theirs, 403)):
        answer = pages.post(reverse("admin:leads_company_change", args=[company.pk]), {"name": "New"})
        assert answer.status_code == status
    assert pages.get(reverse("admin:leads_company_change", args=[theirs.pk])).status_code == 200
    form = pages.get(reverse("admin:leads_source_add")).context["adminform"].form
    assert list(form.fields["team"].queryset) == [here]
    mine, theirs = in_both(here, there, lambda team: Source.objects.named(team, "Web", "website"))
    for source, status in ((mine, 302), (theirs, 403)):
        assert pages.post(reverse("admin:leads_source_issue_key", args=[source.pk])).status_code == status
    assert [key.source for key in WriteKey.objects.all()] == [mine]
    key, _ = WriteKey.issue(theirs)
    assert pages.post(reverse("admin:leads_writekey_revoke", args=[key.pk])).status_code == 403


def test_imports_of_a_team_are_seen_by_who_may_import_there(pages: Client, here: Team, there: Team) -> None:
    def failed(team: Team) -> Import:
        source = Source.objects.named(team, "File", "import")
        return Import.objects.create(
            team=team, source=source, name="x", kind=ImportKind.LEADS, state=ImportState.FAILED
        )

    mine, theirs = in_both(here, there, failed)
    assert pages.get(reverse("import", args=[theirs.pk])).status_code == 404
    make_lead(here)
    assert [matter.count for matter in pages.get("/").context["matters"] if "import" in matter.what] == [1]


def test_problems_of_a_team_are_read_by_who_may_there(ada: User, pages: Client, here: Team, there: Team) -> None:
    """A rep does not see what is wrong with data, in the list as little as one by one."""

    def wrong(team: Team) -> Problem:
        return Problem.objects.create(team=team, kind="title", lead=make_lead(team), value="CEO, student")

    mine, _ = in_both(here, there, wrong)
    assert [problem["id"] for problem in Caller(ada).get("problems").json()["results"]] == [mine.pk]
    assert pages.get(reverse("problems")).context["page"].rows == [mine]
