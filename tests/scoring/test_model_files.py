"""Models as files: what goes out comes in again, and what cannot be taken is named with its place."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from leads.enums import Role
from leads.models import EventKind, Field
from scoring.modelfile.apply import import_as_new, import_model
from scoring.modelfile.dump import draft_file, to_yaml, version_file
from scoring.modelfile.read import ModelFileError, read
from scoring.modelfile.starters import FOLDER, starters
from scoring.models import Criterion, ScoringModel, Version
from scoring.profile import ProfileForm, profile_file
from tests.leads.api import Caller
from tests.sales import make_team, make_user
from tests.scoring.workshop import go_live, make_lead, make_model, record, rescore

pytestmark = pytest.mark.django_db

SMALL = """
leadscore_model: 1
name: Small
slug: small
groups:
- name: Role
  axis: fit
  criteria:
  - name: VP
    when: {field: title, op: contains, value: VP}
    points: 15
"""


def model_command(*args: str) -> str:
    out = StringIO()
    call_command("model", *args, stdout=out)
    return out.getvalue()


def problems(text: str | bytes) -> list[str]:
    with pytest.raises(ModelFileError) as refused:
        import_model(text)
    return refused.value.problems


class TestThereAndBack:
    @pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
    def test_a_starter_is_exactly_what_is_written_of_it(self, path: Path) -> None:
        done = import_model(path.read_bytes())
        assert to_yaml(draft_file(done.model)) == path.read_text(encoding="utf-8")

    @pytest.mark.parametrize("starter", starters(), ids=lambda starter: starter.key)
    def test_a_starter_can_be_published_as_it_is(self, starter: Any) -> None:
        make_lead(make_team())
        version = go_live(import_model((FOLDER / f"{starter.key}.yaml").read_bytes()).model)
        assert version.state == "live"

    def test_a_draft_imported_again_is_the_same_rows(self) -> None:
        model = make_model()
        Criterion.objects.filter(name="VP").update(active=False)
        before = list(model.criteria.values())
        import_model(to_yaml(draft_file(model)))
        assert list(model.criteria.values()) == [
            {**row, "position": place} for place, row in enumerate(sorted(before, key=lambda row: row["id"]))
        ]

    def test_a_version_is_written_as_it_was_published(self) -> None:
        model = make_model()
        version, before = go_live(model), to_yaml(draft_file(model))
        model.criteria.all().delete()
        assert to_yaml(version_file(version)) == before

    def test_custom_fields_and_kinds_come_along(self) -> None:
        Field.objects.create(key="seats", label="Seats", type="number")
        EventKind.objects.create(slug="asked_for_seats", label="asked for seats")
        model = make_model()
        group = model.groups.get(name="Company")
        group.criteria.update(condition={"all": [{"field": "custom.seats", "op": "at_least", "value": 40},
                                                 {"event": "asked_for_seats"}]})  # fmt: skip
        text = to_yaml(draft_file(model))
        model.delete()
        Field.objects.all().delete()
        EventKind.objects.filter(slug="asked_for_seats").delete()
        assert import_model(text).made == ["Seats", "asked_for_seats"]


class TestRefused:
    def test_every_mistake_with_its_place(self) -> None:
        text = SMALL.replace("op: contains", "op: resembles").replace("15", "many") + "    wroth: 3\n"
        assert problems(text.replace("axis: fit", "axis: depth")) == [
            'groups.0 (Role).axis: "depth" is not a valid choice.',
            "groups.0 (Role).criteria.0 (VP).wroth: not known here; what is: "
            "name, when, points, counting, days, at_most, disqualifies, switched_off",
        ]
        assert problems(SMALL.replace("15", "many")) == [
            "groups.0 (Role).criteria.0 (VP).points: A valid integer is required."
        ]
        (problem,) = problems(SMALL.replace("op: contains", "op: resembles"))
        assert problem.startswith("groups.0.criteria.0 (VP).when.op: 'resembles' cannot be asked of a text")

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "this is not a model: the file begins with “leadscore_model: 1”"),
            ("a: [", "line 1: expected the node content"),
            ("leadscore_model: 1\nname: A\nname: B\n", "line 3: 'name' stands here twice"),
            ("a: &x [1]\nb: *x\n", "line 2: references (*name) are not read: write it out"),
            (b"\xff\xfe\x00", "this is not YAML"),
            ("[" * 5000, "this is not YAML: "),
            ("x" * 1_000_001, "the file is larger than 1 MB: a model is a few kilobytes"),
            (SMALL.replace("1", "2", 1), "leadscore_model: this version reads format 1"),
            (SMALL.replace("title", "shoe_size"), "groups.0.criteria.0 (VP).when.field: there is no field 'shoe_size'"),
        ],
    )
    def test_what_is_no_model(self, text: str | bytes, said: str) -> None:
        assert problems(text)[0].startswith(said)

    def test_then_nothing_has_changed(self) -> None:
        text = "fields: [{of: lead, key: seats, label: Seats, type: number}]\n" + SMALL.replace("title", "shoe_size")
        problems(text)
        assert (ScoringModel.objects.count(), Field.objects.count()) == (0, 0)

    def test_a_day_stays_text_and_no_stays_no(self) -> None:
        when = read(SMALL.replace("value: VP", "value: 2026-01-31"))["groups"][0]["criteria"][0]["when"]
        assert when["value"] == "2026-01-31"


class TestCommand:
    def test_export_import_diff_publish(self, tmp_path: Path) -> None:
        make_model()
        lead = make_lead(make_team())
        file = tmp_path / "inbound.yaml"
        model_command("export", "inbound", "--output", str(file))
        file.write_text(file.read_text().replace("points: 15", "points: 18", 1))
        assert model_command("diff", "inbound", str(file)) == "changed  Role · VP: +15 → +18\n"
        told = json.loads(model_command("import", str(file), "--json"))
        assert told == {"model": "inbound", "created": False, "criteria": 6, "fields": []}
        told = json.loads(model_command("publish", "inbound", "--note", "VPs count more", "--wait", "--json"))
        assert told == {"model": "inbound", "version": 1, "live": True, "leads": 1}
        rescore()
        lead.standing.refresh_from_db()
        assert lead.standing.fit == 38
        assert model_command("diff", "inbound@1", "inbound") == "They say the same.\n"

    @pytest.mark.parametrize("name", ["nobody", "inbound@7", "inbound@x", "inbound@²"])
    def test_what_is_not_there(self, name: str) -> None:
        make_model()
        with pytest.raises(CommandError, match="there is no model|has no version"):
            model_command("export", name)


class TestPages:
    @pytest.fixture
    def marketer(self, client: Client) -> Client:
        client.force_login(make_user("Mara", make_team(), Role.MARKETING))
        return client

    def test_a_starter_becomes_a_draft_and_again_another(self, marketer: Client) -> None:
        for slug in ("b2b-software", "b2b-software-2"):
            answer = marketer.post(reverse("scoring:starter", args=["b2b-saas"]))
            assert answer.headers["location"] == reverse("scoring:model", args=[ScoringModel.objects.get(slug=slug).pk])

    def test_what_a_starter_asks_for_and_nobody_sends_is_said(self, marketer: Client) -> None:
        def told() -> str:
            return " ".join(marketer.get(reverse("scoring:new")).content.decode().split())

        assert "Application started, Form submitted, Webinar attended, " in told()
        record(make_lead(make_team("Other")), "form_submitted")
        assert "Application started, Webinar attended, " in told()

    def test_an_upload_says_what_is_wrong(self, marketer: Client, tmp_path: Path) -> None:
        bad = tmp_path / "bad.yaml"
        bad.write_text(SMALL.replace("title", "shoe_size"))
        with bad.open("rb") as file:
            answer = marketer.post(reverse("scoring:upload"), {"file": file})
        assert answer.status_code == 422
        assert "there is no field &#x27;shoe_size&#x27;" in answer.content.decode()

    def test_a_download_is_the_file(self, marketer: Client) -> None:
        model = make_model()
        assert marketer.get(reverse("scoring:file", args=[model.pk])).content.decode() == to_yaml(draft_file(model))

    def test_six_answers_make_a_model_that_scores(self, marketer: Client) -> None:
        lead = make_lead(make_team(), seniority="vp")
        form = ProfileForm()
        offered = [key for key, _ in form.fields["industries"].choices]  # type: ignore[attr-defined]
        assert (offered[0], offered.count("Manufacturing"), "Retail" in offered) == ("Manufacturing", 1, True)
        answers = {
            "name": "Ideal", "industries": ["Manufacturing"], "sizes": ["50-249", "250-999", "5000-"],
            "seniority": ["vp", "manager"], "bad": ["students"],
        }  # fmt: skip
        marketer.post(reverse("scoring:profile"), answers)
        model = ScoringModel.objects.get(name="Ideal")
        fit = model.criteria.filter(group__axis="fit")
        assert [c.name for c in fit] == [
            "50 to 999 employees", "5,000 or more employees", "Industry: Manufacturing", "VP", "Manager",
            "Student or trainee",
        ]  # fmt: skip
        go_live(model)
        lead.standing.refresh_from_db()
        assert lead.standing.fit == 50  # every answered question is met

    def test_whatever_is_answered_can_reach_the_limit_of_fit(self) -> None:
        nothing: dict[str, Any] = {"name": "x", "industries": [], "sizes": [], "countries": [], "seniority": [],
                                   "departments": [], "bad": []}  # fmt: skip
        for answers, points in (
            ({"countries": ["DE"]}, [50]), ({"seniority": ["manager"]}, [50]),
            ({"sizes": ["1-9"], "departments": ["it"]}, [34, 16]),
            ({"seniority": ["vp", "manager"], "countries": ["DE"], "does": "wholesale"}, [37, 21, 13]),
        ):  # fmt: skip
            file = profile_file(nothing | answers)
            given = [rule["points"] for group in file["groups"] if group["axis"] == "fit" for rule in group["criteria"]]
            assert given == points
            assert import_as_new(file).criteria > len(points)
        assert "Asked for samples" in str(file["groups"])

    def test_no_answer_is_no_model(self, marketer: Client) -> None:
        assert marketer.post(reverse("scoring:profile"), {"name": "Nobody"}).status_code == 422
        assert not ScoringModel.objects.exists()


class TestApi:
    def test_a_model_goes_out_and_comes_in(self) -> None:
        api = Caller(make_user("Mara", make_team(), Role.MARKETING))
        model = make_model()
        file = api.get(f"models/{model.pk}/file/").json()
        assert file == json.loads(json.dumps(draft_file(model)))
        assert api.post("models/", file).status_code == 409
        made = api.post("models/", file | {"slug": "second", "name": "Second"})
        assert made.status_code == 201
        del file["groups"][0]
        answer = api.put(f"models/{made.json()['id']}/file/", file)
        assert [group["name"] for group in answer.json()["rules"]] == ["Company", "Buying"]
        assert Version.objects.count() == 0


def test_the_example_of_the_docs_is_a_model() -> None:
    text = (Path(__file__).parents[2] / "docs" / "model-files.md").read_text(encoding="utf-8")
    example = text.split("```yaml\n")[1].split("```")[0]
    assert to_yaml(draft_file(import_model(example).model)).startswith("leadscore_model: 1\nname: Inbound\n")
