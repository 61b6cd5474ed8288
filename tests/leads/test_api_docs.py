"""The examples of docs/api.md, one after the other, as a reader would run them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from leads.enums import Role
from leads.models import Field
from tests.leads.api import Caller
from tests.sales import make_team, make_user

pytestmark = pytest.mark.django_db

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
EXAMPLE = re.compile(r"```http\n(\w+) (\S+)\n(.*?)```\n```json\n(\d+)\n(.*?)```", re.DOTALL)


def agrees(shown: Any, answer: Any) -> bool:
    """Whether the answer holds all that is shown; "…" stands for any value."""
    if shown == "…":
        return answer is not None
    if isinstance(shown, dict):
        return isinstance(answer, dict) and all(name in answer and agrees(shown[name], answer[name]) for name in shown)
    if isinstance(shown, list):
        return len(shown) == len(answer) and all(map(agrees, shown, answer))
    return bool(shown == answer)


def test_every_example_answers_as_shown() -> None:
    caller = Caller(make_user("Dana", make_team(), Role.MARKETING))
    Field.objects.create(key="use_case", label="Use case")
    examples = EXAMPLE.findall(PAGE.read_text())
    assert len(examples) == len(re.findall("```http", PAGE.read_text())) > 8
    ids: dict[str, int] = {}
    for method, path, body, status, shown in examples:
        address = re.sub(r"\{(\w+)\}", lambda name: str(ids[name[1]]), path)
        response = caller.client.generic(method, address, body, content_type="application/json")
        answer = response.json()
        assert (response.status_code, agrees(json.loads(shown), answer)) == (int(status), True), (path, answer)
        if "id" in answer:
            ids[path.split("/")[3].removesuffix("s")] = answer["id"]
