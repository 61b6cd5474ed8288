"""A marketer defines a model in the admin: no JSON, no code, and every mistake is named where it was made."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads.enums import Role
from scoring.models import Criterion, Group, ScoringModel
from scoring.models.scoring_model import GRADES, default_labels
from tests.sales import make_team, make_user
from tests.scoring.workshop import add, field, go_live, make_model

pytestmark = pytest.mark.django_db

VP = field("title", "contains", "VP")


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_user("Mara", make_team(), Role.MARKETING))
    return client


def model_form(**changes: Any) -> dict[str, Any]:
    """What a browser sends for a new model with one group."""
    form = {
        "name": "Inbound", "slug": "inbound", "description": "", "audience": "", "position": 0, "axis_limit": 50,
        "handoff_labels": ["hot"], **_numbers("fit_limits", 38, 25, 13), **_numbers("engagement_limits", 38, 25, 13),
        **{f"labels_{grade}": label for grade, label in default_labels().items()},
        "groups-TOTAL_FORMS": 1, "groups-INITIAL_FORMS": 0, "groups-0-name": "Role", "groups-0-axis": "fit",
        "groups-0-cap": 20, "groups-0-position": 0,
    }  # fmt: skip
    return form | changes


def _numbers(name: str, *values: Any) -> dict[str, Any]:
    return {f"{name}_{i}": value for i, value in enumerate(values)}


def criterion_form(group: Group, **changes: Any) -> dict[str, Any]:
    form = {
        "name": "VP", "group": group.pk, "condition": json.dumps(VP), "points": 15, "counting": "once", "days": "",
        "at_most": "", "active": "on",
    }  # fmt: skip
    return form | changes


def errors(response: Any) -> dict[str, list[str]]:
    return response.context["adminform"].form.errors


def test_a_model_and_a_criterion_are_defined(admin: Client) -> None:
    response = admin.post(
        reverse("admin:scoring_scoringmodel_add"), model_form(labels_D1="cold", audience=json.dumps(VP))
    )
    assert response.status_code == 302
    model = ScoringModel.objects.get()
    assert (model.fit_limits, model.labels["D1"], model.handoff_labels, model.audience) == (
        [38, 25, 13], "cold", ["hot"], VP,
    )  # fmt: skip
    group = model.groups.get()
    response = admin.post(reverse("admin:scoring_criterion_add"), criterion_form(group))
    assert response["Location"] == reverse("admin:scoring_scoringmodel_change", args=[model.pk])
    criterion = Criterion.objects.get()
    assert (criterion.model, criterion.condition, criterion.points, criterion.position) == (model, VP, 15, 1)


@pytest.mark.parametrize(
    ("changes", "name", "message"),
    [
        (_numbers("fit_limits", 10, 20, 30), "fit_limits",
         "Give three limits, each smaller than the one before, as in 38, 25, 13."),
        (_numbers("fit_limits", 60, 20, 10), "fit_limits", "An axis ends at 50: nobody could reach 60."),
        ({"engagement_limits_1": ""}, "engagement_limits", "This field is required."),
        ({"labels_B2": "boiling"}, "labels", "Every grade from A1 to D4 needs a label: hot, warm, cool or cold."),
        ({"audience": '{"field": "titel", "op": "known"}'}, "audience", "field: there is no field 'titel'"),
        ({"handoff_labels": ["lukewarm"]}, "handoff_labels",
         "Select a valid choice. lukewarm is not one of the available choices."),
    ],
)  # fmt: skip
def test_mistakes_in_a_model_are_named(admin: Client, changes: Any, name: str, message: str) -> None:
    response = admin.post(reverse("admin:scoring_scoringmodel_add"), model_form(**changes))
    assert errors(response) == {name: [message]}
    assert ScoringModel.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "name", "message"),
    [
        ({"condition": ""}, "condition", "Add at least one test: what must be known of the lead, or what it did."),
        ({"condition": "{"}, "condition",
         'This is not JSON: an example is {"field": "title", "op": "contains", "value": "VP"}.'),
        ({"condition": '{"all": [{"field": "title", "op": "at_least", "value": 3}]}'}, "condition",
         "all.0.op: 'at_least' cannot be asked of a text; use one of: is, is_not, any_of, none_of, contains,"
         " not_contains, starts_with, ends_with, domain_in, known, unknown"),
        ({"counting": "half_life", "condition": '{"event": "page_viewed"}'}, "days",
         "Say the half-life, or after how many days nothing is left."),
        ({"counting": "each"}, "counting",
         "Points for each event need one event test of the form “at least … times”, joined by “and”."),
        ({"counting": "each", "condition": '{"event": "page_viewed"}', "at_most": 10}, "at_most",
         "One event alone gives 15: the most cannot be less."),
        ({"counting": "each", "condition": '{"event": "page_viewed"}', "at_most": -20}, "at_most",
         "Give it the same sign as the points."),
        ({"points": 5000}, "points", "Ensure this value is less than or equal to 1000."),
    ],
)  # fmt: skip
def test_mistakes_in_a_criterion_are_named(admin: Client, changes: Any, name: str, message: str) -> None:
    group = make_model().groups.all()[0]
    response = admin.post(reverse("admin:scoring_criterion_add"), criterion_form(group, **changes))
    assert errors(response) == {name: [message]}


def test_a_refused_condition_is_kept_for_another_try(admin: Client) -> None:
    group = make_model().groups.all()[0]
    response = admin.post(reverse("admin:scoring_criterion_add"), criterion_form(group, condition='{"all": ['))
    assert "{&quot;all&quot;: [</textarea>" in response.content.decode()


def test_the_builder_finds_its_addresses_and_the_condition(admin: Client) -> None:
    criterion = make_model().criteria.all()[0]
    page = admin.get(reverse("admin:scoring_criterion_change", args=[criterion.pk])).content.decode()
    assert f'data-vocabulary="{reverse("scoring:vocabulary")}"' in page
    assert f'data-check="{reverse("scoring:condition-check")}" data-required>' in page
    assert 'js/condition/builder.js" type="module"></script>' in page
    assert "  &quot;field&quot;: &quot;title&quot;" in page
    assert f'href="{reverse("report-sources")}"' in page, "what tells how many points a source deserves"


def test_the_model_page_tells_criteria_in_sentences(admin: Client) -> None:
    model = make_model()
    page = admin.get(reverse("admin:scoring_scoringmodel_change", args=[model.pk])).content.decode()
    assert "Viewed a page where url contains “/pricing” in the last 30 days" in page
    assert "for each event, fading over 60 days, at most 25" in page


def test_points_group_and_order_are_changed_on_the_model_page(admin: Client) -> None:
    model = make_model()
    vp, company = model.criteria.get(name="VP"), model.groups.get(name="Company")
    url = reverse("admin:scoring_scoringmodel_change", args=[model.pk])
    criteria = list(model.criteria.all())
    form = model_form() | {
        "groups-TOTAL_FORMS": 0,
        "criteria-TOTAL_FORMS": len(criteria),
        "criteria-INITIAL_FORMS": len(criteria),
    }
    for i, criterion in enumerate(criteria):
        row = {"id": criterion.pk, "model": model.pk, "group": criterion.group_id, "points": criterion.points,
               "active": "on", "position": i}  # fmt: skip
        if criterion == vp:
            row |= {"group": company.pk, "points": 18, "active": ""}
        form |= {f"criteria-{i}-{name}": value for name, value in row.items()}
    assert admin.post(url, form).status_code == 302
    vp.refresh_from_db()
    assert (vp.group, vp.points, vp.active, vp.condition) == (company, 18, False, VP)


def test_a_copy_is_switched_off(admin: Client) -> None:
    criterion = make_model().criteria.get(name="VP")
    admin.post(reverse("admin:scoring_criterion_changelist"), {"action": "copy", "_selected_action": [criterion.pk]})
    one = reverse("admin:scoring_criterion_copy_one", args=[criterion.pk])
    assert "Copy it" in admin.get(one).content.decode()
    copy = Criterion.objects.get(name="VP (copy)")
    copy.delete()
    assert admin.get(reverse("admin:scoring_criterion_copy_one", args=["x"])).status_code == 404
    admin.post(one)
    copy = Criterion.objects.get(name="VP (copy)")
    assert (copy.condition, copy.points, copy.group, copy.active) == (VP, 15, criterion.group, False)


def test_a_published_model_cannot_be_deleted(admin: Client) -> None:
    model = make_model()
    url = reverse("admin:scoring_scoringmodel_delete", args=[model.pk])
    assert admin.get(url).status_code == 200
    go_live(model)
    assert admin.get(url).status_code == 403


def test_a_version_is_there_to_read(admin: Client) -> None:
    version = go_live(make_model())
    url = reverse("admin:scoring_version_change", args=[version.pk])
    assert "VP (+15): Job title contains “VP”" in admin.get(url).content.decode()
    assert admin.post(url, {"note": "x"}).status_code == 403


@pytest.mark.parametrize("role", [Role.REP, Role.MANAGER])
def test_others_change_nothing(client: Client, role: str) -> None:
    client.force_login(make_user("Rob", make_team(), role))
    group = make_model().groups.all()[0]
    response = client.post(reverse("admin:scoring_criterion_add"), criterion_form(group, name="Mine"))
    assert response.status_code in (302, 403)
    assert not Criterion.objects.filter(name="Mine").exists()


def test_lists_and_the_model_page_cost_the_same_for_more_criteria(admin: Client) -> None:
    model = make_model()
    group = model.groups.all()[0]
    urls = [
        reverse("admin:scoring_criterion_changelist"),
        reverse("admin:scoring_scoringmodel_change", args=[model.pk]),
    ]
    before = [_cost(admin, url) for url in urls]
    for number in range(5):
        add(group, f"More {number}", 1, VP)
    assert [_cost(admin, url) for url in urls] == before


def _cost(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_every_grade_has_its_choice(admin: Client) -> None:
    page = admin.get(reverse("admin:scoring_scoringmodel_add")).content.decode()
    assert all(f'name="labels_{grade}"' in page for grade in GRADES)


def test_a_new_model_begins_with_the_usual_limits_and_labels(admin: Client) -> None:
    form = admin.get(reverse("admin:scoring_scoringmodel_add")).context["adminform"].form
    assert [form[name].initial for name in ("fit_limits", "engagement_limits")] == [[38, 25, 13]] * 2
    page = admin.get(reverse("admin:scoring_scoringmodel_add")).content.decode()
    for grade, label in default_labels().items():
        assert f'<option value="{label}" selected' in page.split(f'name="labels_{grade}"')[1].split("</select>")[0]
