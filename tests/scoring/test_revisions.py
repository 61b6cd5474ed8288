"""Who changed what in a draft, by whatever way, and the way back."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from leads.conditions.vocabulary import Vocabulary
from leads.enums import Role
from leads.models import User
from scoring.engine.definition import freeze, load
from scoring.modelfile.dump import draft_file, to_yaml
from scoring.models import Criterion, Revision, ScoringModel
from scoring.revisions import history, keep, record
from tests.leads.api import Caller
from tests.sales import make_team, make_user
from tests.scoring.workshop import add, field, go_live, make_model

pytestmark = pytest.mark.django_db


def told(model: ScoringModel) -> list[Any]:
    """By, origin and what changed, the newest first, without the first row."""
    return [
        (row.revision.by and row.revision.by.name, row.revision.origin,
         [(one.kind, one.name, one.before, one.after) for one in row.differences])
        for row in history(model, Vocabulary.load()) if not row.first
    ]  # fmt: skip


def set_points(model: ScoringModel, name: str, points: int) -> None:
    model.criteria.filter(name=name).update(points=points)


def switch(page: Client, action: str, criterion: Criterion) -> None:
    page.post(reverse("admin:scoring_criterion_changelist"), {"action": action, "_selected_action": [criterion.pk]})


def test_the_admin_is_recorded_in_sentences(page: Client) -> None:
    model = make_model()
    vp = model.criteria.get(name="VP")
    form = {"name": "VP", "group": vp.group_id, "condition": '{"field": "title", "op": "contains", "value": "VP"}',
            "points": 18, "counting": "once", "days": "", "at_most": "", "active": "on"}  # fmt: skip
    page.post(reverse("admin:scoring_criterion_change", args=[vp.pk]), form)
    switch(page, "switch_off", model.criteria.get(name="Webinar"))
    # within minutes of one another: one row of Mara's, behind the one with which the history begins
    assert told(model) == [
        ("Mara", "admin", [("changed", "VP", "+15", "+18"), ("changed", "Webinar", "switched on", "switched off")])
    ]
    page.post(reverse("admin:scoring_criterion_delete", args=[vp.pk]), {"post": "yes"})
    switch(page, "switch_on", model.criteria.get(name="Webinar"))
    assert told(model) == [("Mara", "admin", [("removed", "VP", "Job title contains “VP”: +15", "")])]


def test_every_other_way_is_recorded(mara: User, tmp_path: Any) -> None:
    model = make_model()
    keep(model)
    set_points(model, "VP", 20)
    file = draft_file(model)
    set_points(model, "VP", 15)
    Caller(mara).put(f"models/{model.pk}/file/", file)
    path = tmp_path / "m.yaml"
    path.write_text(to_yaml(file).replace("points: 20", "points: 21"))
    call_command("model", "import", str(path))
    assert told(model) == [
        (None, "command line", [("changed", "VP", "+20", "+21")]),
        ("Mara", "API", [("changed", "VP", "+15", "+20")]),
    ]


def test_what_others_changed_meanwhile_is_not_put_down_to_who_saves_next(mara: User) -> None:
    model = make_model()
    keep(model)
    set_points(model, "VP", 1)  # past every verb
    keep(model)
    set_points(model, "Webinar", 2)
    record(model, by=mara, origin="admin")
    assert [(by, [name for _, name, _, _ in found]) for by, _, found in told(model)] == [
        ("Mara", ["Webinar"]), (None, ["VP"]),
    ]  # fmt: skip


def test_saves_are_one_row_only_for_one_person_within_minutes_and_between_publications(mara: User) -> None:
    model, ben = make_model(), make_user("Ben", make_team(), Role.MARKETING)
    keep(model)

    def save(points: int, by: User) -> None:
        set_points(model, "VP", points)
        record(model, by=by, origin="admin")

    save(16, mara)
    save(17, mara)
    save(15, mara)  # back where she began
    assert told(model) == []
    save(16, mara)
    save(17, ben)
    save(18, ben)
    Revision.objects.filter(by=ben).update(at=Revision.objects.get(by=ben).at - timedelta(minutes=11))
    save(19, ben)
    go_live(model)
    save(20, ben)
    assert [(by, found[0][2:]) for by, _, found in told(model)] == [
        ("Ben", ("+19", "+20")), ("Ben", ("+18", "+19")), ("Ben", ("+16", "+18")), ("Mara", ("+15", "+16")),
    ]  # fmt: skip


def test_a_version_is_restored_as_draft_and_the_draft_can_be_had_again(page: Client) -> None:
    model = make_model()
    version = go_live(model)
    criteria = dict(model.criteria.values_list("name", "pk"))
    model.criteria.get(name="VP").delete()
    model.groups.filter(name="Company").update(cap=25)
    new = add(model.groups.get(name="Role"), "Director", 9, field("title", "contains", "Director"), active=False)
    mine = freeze(model, everything=True)
    page.post(reverse("scoring:version-restoration", args=[model.pk, version.number]))
    assert load(freeze(ScoringModel.objects.get())) == load(version.definition)
    assert dict(model.criteria.values_list("name", "pk")) == criteria  # the very same ones
    kept = model.revisions.filter(origin="")[0]
    page = page.post(reverse("scoring:revision-restoration", args=[model.pk, kept.pk]), follow=True)
    assert page.status_code == 200
    assert freeze(ScoringModel.objects.get(), everything=True) == mine
    assert Criterion.objects.get(name="Director").active is False
    assert model.criteria.get(name="Director").pk == new.pk
    assert [row.revision.origin[:5] for row in history(model, Vocabulary.load())][:2] == ["draft", "versi"]


def test_two_versions_or_one_and_the_draft_are_compared(page: Client) -> None:
    model = make_model()
    go_live(model)
    set_points(model, "VP", 18)
    go_live(model)
    set_points(model, "VP", 20)
    address = reverse("scoring:comparison", args=[model.pk])

    def compared(**asked: Any) -> list[tuple[str, str, str]]:
        found = page.get(address, asked).context["differences"]
        return [(one.name, one.before, one.after) for one in found]

    assert compared() == [("VP", "+18", "+20")]
    assert compared(before=1, after=2) == [("VP", "+15", "+18")]
    assert compared(before=2, after=1) == [("VP", "+18", "+15")]
    assert compared(before=1, after=1) == []
    assert page.get(address, {"before": 7, "after": "draft"}).status_code == 422


def test_the_model_page_shows_the_last_changes(page: Client, mara: User) -> None:
    model = make_model()
    keep(model)
    set_points(model, "VP", 18)
    record(model, by=mara, origin="admin")
    page = page.get(reverse("scoring:model", args=[model.pk])).content.decode()
    assert "<b>Mara</b>" in page
    assert "<del>+15</del> <ins>+18</ins>" in page


def test_who_may_not_change_a_draft_may_read_its_history(client: Client) -> None:
    model = make_model()
    keep(model)
    client.force_login(make_user("Rob", make_team()))
    assert client.get(reverse("scoring:changes", args=[model.pk])).status_code == 200
    address = reverse("scoring:revision-restoration", args=[model.pk, Revision.objects.get().pk])
    assert client.post(address).status_code == 403


def test_history_comparison_and_restoration_in_the_api(mara: User) -> None:
    model, mine = make_model(), Caller(mara)
    go_live(model)
    set_points(model, "VP", 18)
    record(model, by=mara, origin="admin")
    rows = mine.get(f"models/{model.pk}/changes/").json()
    assert (rows["next"], [(row["by"], row["first"]) for row in rows["results"]]) == (
        None,
        [(mara.pk, False), (None, True)],
    )
    (found,) = mine.get(f"models/{model.pk}/comparison/", **{"from": "1", "to": "draft"}).json()
    assert (found["name"], found["before"], found["after"]) == ("VP", "+15", "+18")
    assert mine.get(f"models/{model.pk}/comparison/", **{"from": "9", "to": "draft"}).status_code == 400
    (row,) = mine.post(f"models/{model.pk}/restoration/", {"version": 1}).json()
    assert (row["origin"], row["differences"][0]["after"]) == ("version 1 restored", "+15")
    mine.post(f"models/{model.pk}/restoration/", {"change": rows["results"][0]["id"]})
    assert model.criteria.get(name="VP").points == 18
    assert mine.post(f"models/{model.pk}/restoration/", {}).status_code == 400
