"""The description of the API can be made, by nobody in particular and without a doubt, and lists do as it says."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from django.urls import resolve

from leads.models import User


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Any:
    file: Path = tmp_path_factory.mktemp("schema") / "schema.yml"
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", str(file))
    return yaml.safe_load(file.read_text())


def test_the_schema_is_made_without_a_warning(schema: Any) -> None:
    assert "/api/v1/leads/{id}" in schema["paths"]


def test_lists_take_the_filters_that_are_described(schema: Any) -> None:
    """They refuse every other name."""
    described, taken = {}, {}
    for path, operations in schema["paths"].items():
        names = {each["name"] for each in operations.get("get", {}).get("parameters", []) if each["in"] == "query"}
        view = resolve(re.sub(r"{\w+}", "1", path)).func
        if "cursor" in names and (getattr(view, "actions", None) or {"get": "list"})["get"] == "list":
            described[path], taken[path] = names - {"cursor", "page_size", "ordering"}, filters_of(view.cls)
    assert described["/api/v1/leads"] >= {"label", "q"}
    assert described == taken


def test_what_comes_whole_is_not_described_as_pages(schema: Any) -> None:
    whole = ("models/{id}/comparison", "models/{id}/reviews", "suggestion-counts")
    for path in whole:
        answer = schema["paths"][f"/api/v1/{path}"]["get"]["responses"]["200"]
        assert answer["content"]["application/json"]["schema"]["type"] == "array", path


def test_only_what_is_read_comes_in_pages(schema: Any) -> None:
    written = {
        f"{method} {path}": operation["responses"]
        for path, operations in schema["paths"].items() for method, operation in operations.items() if method != "get"
    }  # fmt: skip
    assert written["post /api/v1/cleanups"]["201"]["content"]["application/json"]["schema"]["type"] == "array"
    assert [name for name, answers in written.items() if "Paginated" in str(answers)] == []


@pytest.mark.django_db
def test_an_empty_filter_narrows_nothing(schema: Any, client: Client) -> None:
    """Forms send what was left open as an empty value, of single choices as of several."""
    client.force_login(User.objects.create_superuser("ada@example.com"))
    answers = {}
    for path, operations in schema["paths"].items():
        names = {each["name"] for each in operations.get("get", {}).get("parameters", []) if each["in"] == "query"}
        if "cursor" in names and "{" not in path:
            answers[path] = client.get(path, dict.fromkeys(names, "")).status_code
    assert len(answers) > 20 and set(answers.values()) == {200}, answers


def filters_of(view: Any) -> set[str]:
    filterset = getattr(view, "filterset_class", None)
    return set(filterset.base_filters) if filterset else set(getattr(view, "filterset_fields", None) or ())
