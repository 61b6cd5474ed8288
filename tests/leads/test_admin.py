"""The admin of teams, people, lists, sources and facts: by role and team."""

from typing import Any

import pytest
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse

from leads.enums import Role
from leads.models import (
    ApiToken,
    Calendar,
    Change,
    Company,
    Deal,
    EventKind,
    Field,
    Membership,
    MergeRule,
    RejectionReason,
    RoutingRule,
    Source,
    Standing,
    Team,
    User,
    WriteKey,
)
from scoring.models import Criterion, Group, ScoringModel
from tests.leads.test_pages_leads import browser
from tests.sales import make_lead, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(team: Team) -> User:
    return make_user("Ada", team, Role.ADMIN)


@pytest.fixture
def admin(ada: User) -> Client:
    return browser(ada)


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:leads_{name}", args=args)


def inline(user: User | None = None, **row: Any) -> dict[str, Any]:
    own = {f"memberships-{i}-{k}": v for i, m in enumerate(user.memberships.all() if user else [])
           for k, v in {"id": m.pk, "user": m.user_id, "team": m.team_id, "role": m.role}.items()}  # fmt: skip
    count = user.memberships.count() if user else 0
    added = {f"memberships-{count}-{name}": value for name, value in row.items()}
    return own | added | {"memberships-TOTAL_FORMS": count + bool(row), "memberships-INITIAL_FORMS": count}


def test_every_page_opens_for_an_admin_and_none_for_a_rep(admin: Client, team: Team) -> None:
    company = Company.objects.create(team=team, name="Northwind")
    lead, source = make_lead(team, company=company), Source.objects.named(team, "Web", "website")
    Deal.objects.create(team=team, lead=lead, source=source, external_id="d1", name="Pilot")
    WriteKey.issue(source)
    Field.objects.create(key="seats", label="Seats")
    Calendar.objects.create(team=team)
    MergeRule.objects.create(team=team)
    RoutingRule.objects.create(of=team, team=team, name="Known", condition={"field": "email", "op": "known"})
    ApiToken.issue(make_user("Kim", team), scope="read")
    rep = browser(make_user("Rita", team))
    for model, model_admin in site._registry.items():
        if model._meta.app_label != "leads":
            continue
        name = model._meta.model_name
        row = model_admin.get_queryset(_request(admin)).first()
        assert admin.get(page(f"{name}_changelist")).status_code == 200, name
        assert admin.get(page(f"{name}_change", row.pk)).status_code == 200, name
        assert rep.get(page(f"{name}_changelist")).status_code == 302, name


def _request(client: Client) -> Any:
    return client.get("/admin/").wsgi_request


def test_rows_and_choices_of_other_teams_are_not_there(admin: Client, team: Team) -> None:
    other = make_team("APAC")
    foreign = make_lead(other, company=Company.objects.create(team=other, name="Northgate"))
    source = Source.objects.named(other, "Web", "website")
    for name, pk in (("lead", foreign.pk), ("company", foreign.company_id), ("source", source.pk), ("team", other.pk)):
        assert b"doesn\xe2\x80\x99t exist" in admin.get(page(f"{name}_change", pk), follow=True).content
    form = admin.get(page("source_add")).context["adminform"].form
    assert list(form.fields["team"].queryset) == [team]


def test_a_new_person_sets_a_password_by_a_link_that_works_once(admin: Client, team: Team) -> None:
    data = {"name": "Kim Moss", "email": "Kim@demo.example", "is_active": "on"}
    answer = admin.post(page("user_add"), data | inline(team=team.pk, role=Role.REP), follow=True)
    kim = User.objects.get(email="kim@demo.example")
    assert (kim.has_usable_password(), kim.roles) == (False, {Role.REP})
    said = [str(message) for message in answer.context["messages"] if "link" in str(message)]
    link = said[0].partition("once: ")[2]
    stranger = Client()
    form = stranger.get(link, follow=True)
    words = {"new_password1": "a long enough phrase", "new_password2": "a long enough phrase"}
    assert stranger.post(form.request["PATH_INFO"], words).status_code == 302
    assert stranger.login(username="kim@demo.example", password="a long enough phrase")
    assert not Client().get(link, follow=True).context["validlink"]


def test_an_admin_does_not_reach_beyond_their_teams(admin: Client, team: Team) -> None:
    other = make_team("APAC")
    shared = make_user("Sam", team, Role.REP)
    Membership.objects.create(user=shared, team=other, role=Role.ADMIN)
    root = make_user("Root", team, Role.REP, is_superuser=True)
    for person in (shared, root):
        answer = admin.post(page("user_change", person.pk), {"name": "X", "email": "x@x.example"} | inline(person))
        assert answer.status_code == 403
        answer = admin.get(reverse("admin:leads_user_password_link", args=[person.pk]), follow=True)
        assert "works once" not in answer.content.decode()
    form = admin.get(page("apitoken_add")).context["adminform"].form
    assert {person.name for person in form.fields["user"].queryset} == {"Ada"}
    answer = admin.post(page("user_add"), {"name": "K", "email": "k@k.example"} | inline(team=other.pk, role="admin"))
    assert answer.status_code == 200
    assert not User.objects.filter(email="k@k.example").exists()


def test_whoever_makes_a_team_is_its_admin(admin: Client, ada: User) -> None:
    admin.post(page("team_add"), {"name": "APAC", "slug": "apac"})
    assert Membership.objects.get(team__slug="apac").user == ada


def test_a_token_is_shown_once(admin: Client, ada: User) -> None:
    data = {"user": ada.pk, "name": "CRM", "scope": "read", "days": 30}
    answer = admin.post(page("apitoken_add"), data, follow=True)
    secret = str(list(answer.context["messages"])[0]).partition(": ")[2].split()[0]
    assert Client(headers={"authorization": f"Bearer {secret}"}).get("/api/v1/teams").status_code == 200
    assert secret not in admin.get(page("apitoken_change", ApiToken.objects.get().pk)).content.decode()


def test_write_keys_are_made_shown_once_and_revoked(admin: Client, team: Team) -> None:
    source = Source.objects.named(team, "Web", "website")
    asked = admin.get(reverse("admin:leads_source_issue_key", args=[source.pk]))
    assert "Make the key" in asked.content.decode()
    assert not WriteKey.objects.exists()
    answer = admin.post(reverse("admin:leads_source_issue_key", args=[source.pk]), follow=True)
    assert "lsw_" in answer.content.decode()
    assert "lsw_" not in admin.get(page("source_change", source.pk)).content.decode()
    key = WriteKey.objects.get()
    assert admin.get(reverse("admin:leads_writekey_revoke", args=[key.pk])).status_code == 200
    admin.post(reverse("admin:leads_writekey_revoke", args=[key.pk]))
    key.refresh_from_db()
    assert key.revoked_at
    foreign = Source.objects.named(make_team("APAC"), "Web", "website")
    assert admin.post(reverse("admin:leads_source_issue_key", args=[foreign.pk])).status_code == 404
    marketing = browser(make_user("Dana", team, Role.MARKETING))
    assert marketing.post(reverse("admin:leads_source_issue_key", args=[source.pk])).status_code == 403
    assert WriteKey.objects.count() == 1


def test_the_key_of_a_field_is_fixed_and_its_choices_are_lines(admin: Client) -> None:
    data = {
        "label": "Plan",
        "of": "lead",
        "key": "plan",
        "type": "choice",
        "choices": "free\n pro \nfree\n",
        "help": "",
    }
    admin.post(page("field_add"), data)
    field = Field.objects.get()
    assert field.choices == ["free", "pro"]
    admin.post(page("field_change", field.pk), data | {"key": "other", "type": "text", "label": "Tariff"})
    field.refresh_from_db()
    assert (field.key, field.type, field.label) == ("plan", "choice", "Tariff")


def test_what_a_criterion_asks_for_cannot_be_deleted(admin: Client) -> None:
    field = Field.objects.create(key="seats", label="Seats", type="number")
    kind = EventKind.objects.get(slug="demo_requested")
    model = ScoringModel.objects.create(name="Inbound", slug="inbound")
    group = Group.objects.create(model=model, name="Role", axis="fit")
    asks = {"all": [{"field": "custom.seats", "op": "gte", "value": 10}, {"event": "demo_requested"}]}
    criterion = Criterion.objects.create(model=model, group=group, name="Many seats", condition=asks, points=5)
    for name, row in (("field", field), ("eventkind", kind)):
        assert admin.post(page(f"{name}_delete", row.pk), {"post": "yes"}).status_code == 403
        assert "criterion “Many seats” of Inbound" in admin.get(page(f"{name}_change", row.pk)).content.decode()
    criterion.delete()
    for name, row in (("field", field), ("eventkind", kind)):
        admin.post(page(f"{name}_delete", row.pk), {"post": "yes"})
        assert not type(row).objects.filter(pk=row.pk).exists()


def test_a_reason_that_was_never_used_may_go(admin: Client) -> None:
    admin.post(page("rejectionreason_delete", "competitor"), {"post": "yes"})
    assert not RejectionReason.objects.filter(slug="competitor").exists()


def test_a_change_of_a_company_is_put_down_to_who_made_it(admin: Client, ada: User, team: Team) -> None:
    company = Company.objects.create(team=team, name="Northwind")
    lead = make_lead(team, company=company)
    data = {"name": "Northwind", "domain": "northwind.example", "employees": 420}
    assert admin.post(page("company_change", company.pk), data).status_code == 302
    assert {change.by for change in Change.objects.filter(company=company)} == {ada}
    assert Standing.objects.get(lead=lead).facts_rev == 2


def test_leads_are_only_looked_at(admin: Client, team: Team) -> None:
    lead = make_lead(team)
    assert admin.post(page("lead_change", lead.pk), {"title": "CEO"}).status_code == 403
    assert admin.get(page("lead_add")).status_code == 403
