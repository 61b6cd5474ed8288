"""From a real lead file to a decision by sales and a report, by pages and API alone: nobody touches the database."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from leads.models import Change, Event, Field, Lead, Standing
from leads.people.setup import link_token
from leads.tasks import run_imports
from scoring.tasks import rescore_due, run_publications
from tests.journeys.person import Person, words

pytestmark = pytest.mark.django_db(transaction=True)

FILE = Path(__file__).parent / "files" / "messe.csv"
PASSWORD = "a long good phrase"
ADMIN = "/admin/scoring"


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def test_from_a_file_to_a_decision_and_a_report(capsys: pytest.CaptureFixture[str]) -> None:
    ada = first_admin()
    mara, rob, rita, mona = (
        colleague(ada, name, team, role)
        for name, team, role in (
            ("Mara", "Europe", "marketing"), ("Rob", "Europe", "rep"), ("Rita", "Americas", "rep"),
            ("Mona", "Europe", "manager"),
        )
    )  # fmt: skip
    imports_a_file(mara)
    defines_a_model(mara)
    publishes(mara)
    joerg, tom = sees_leads_by_score(mara)
    reads_why(mara, joerg, {"Fit": 40, "Engagement": 0, "Score": 40, "label": "A4 Cool"})
    writes_events(ada, joerg, tom)
    reads_why(mara, joerg, {"Fit": 40, "Engagement": 20, "Score": 60, "label": "A1 Hot"})
    reads_what_changed(mara, joerg)
    decides(rob, joerg, tom)
    sees_nothing_of_it(rita, joerg)
    reads_the_answers(mara, tom)
    reads_the_report(mona)
    the_same_file_changes_nothing(capsys)
    call_command("verify_scores")


def first_admin() -> Person:
    """The link that a new installation prints makes the first admin and the first team; a second team follows."""
    ada = Person()
    ada.open(reverse("setup", args=[link_token()]))
    ada.fill(0, name="Ada", email="ada@firm.example", password=PASSWORD, team="Europe")
    assert "Choose a CSV or XLSX file" in ada.open("/imports/")
    ada.open("/admin/leads/team/add/")
    ada.fill("team_form", name="Americas", slug="americas")
    return ada


def colleague(ada: Person, name: str, team: str, role: str) -> Person:
    """Made in the admin; the new colleague opens the link, chooses a password and signs in."""
    ada.open("/admin/leads/user/add/")
    pk = re.search(rf'<option value="(\d+)"[^>]*>{team}</option>', ada.page)
    assert pk
    member = {"memberships-TOTAL_FORMS": 1, "memberships-0-team": pk[1], "memberships-0-role": role}
    email = f"{name.lower()}@firm.example"
    ada.fill("user_form", name=name, email=email, is_active="on", **member)
    link = re.search(r"http://testserver(/password/reset/\S+/)", ada.reads)
    assert link
    person = Person()
    person.open(link[1])
    person.fill(0, new_password1=PASSWORD, new_password2=PASSWORD)
    person.sign_in(email, PASSWORD)
    return person


def imports_a_file(mara: Person) -> None:
    """Semicolons, cp1252, dots for thousands, an empty row, a row without a way to reach anybody."""
    mara.open("/imports/")
    mara.fill(0, file=SimpleUploadedFile("messe.csv", FILE.read_bytes()))
    mara.sees("messe.csv, 7 rows, 12 columns, semicolons, CP1252")
    columns = mara.path
    assert "Skipped . No @ sign" in words(mara.part(f"{columns}check/"))
    mara.open(columns)
    mara.fill("map", **{"column-11": "new.date"})  # it was not recognised: one of its days does not exist
    mara.open(f"{columns}check/")
    mara.sees("New 6 and 6 new companies")
    mara.sees("Line Column Value What happens 6 E-Mail kein-at.example Skipped . No @ sign.")
    mara.sees("31.09.2026 Imported in part.")
    mara.open(columns)
    mara.fill("map", to=f"{columns}start/")
    assert "0 of 7 rows" in words(mara.part(f"{columns}progress/"))
    run_imports()
    mara.open(columns)
    mara.sees("New 6 Updated 0 0 unchanged Imported in part 1 something was left out Skipped 1 of 7 rows")
    mara.sees("6 E-Mail kein-at.example Skipped . No @ sign.")
    download = b"".join(mara.client.get(f"{columns}problems.csv").streaming_content).decode()
    assert [line.split(",")[:4] for line in download.splitlines()[1:]] == [
        ["6", "Skipped", "E-Mail", "kein-at.example"],
        ["7", "Imported in part", "Mitarbeiter", "viele"],
        ["7", "Imported in part", "Gespräch am", "31.09.2026"],
    ]


GROUPS = [("Role", "fit", ""), ("Company", "fit", 20), ("Interest", "engagement", 40)]
PRICES = {"event": "page_viewed", "where": [{"property": "url", "op": "contains", "value": "/pricing"}], "days": 30}


def defines_a_model(mara: Person) -> None:
    """Groups with a cap, and criteria on the lead, its company, a custom field and events."""
    mara.open(f"{ADMIN}/scoringmodel/add/")
    groups: dict[str, Any] = {"groups-TOTAL_FORMS": len(GROUPS)}
    for i, (name, axis, cap) in enumerate(GROUPS):
        groups |= {
            f"groups-{i}-name": name,
            f"groups-{i}-axis": axis,
            f"groups-{i}-cap": cap,
            f"groups-{i}-position": i,
        }
    limits = {f"fit_limits_{i}": limit for i, limit in enumerate((30, 20, 10))}
    limits |= {f"engagement_limits_{i}": limit for i, limit in enumerate((20, 10, 5))}
    mara.fill("scoringmodel_form", name="Trade fair", slug="trade-fair", handoff_labels=["hot"], **groups, **limits)
    budget = Field.objects.get(label="Budget (EUR)").key
    for group, name, points, condition, more in (
        ("Role", "Runs the company", 20, {"field": "seniority", "op": "is", "value": "c_level"}, {}),
        ("Company", "200 or more people", 15, {"field": "company.employees", "op": "at_least", "value": 200}, {}),
        ("Company", "50,000 or more", 15, {"field": f"custom.{budget}", "op": "at_least", "value": 50000}, {}),
        ("Interest", "Asked for pricing", 20, {"event": "pricing_requested", "days": 30}, {}),
        ("Interest", "Looked at prices", 5, PRICES, {"counting": "each", "at_most": 15}),
    ):
        adds_criterion(mara, group, name=name, points=points, condition=json.dumps(condition), **more)


def adds_criterion(mara: Person, group: str, **values: Any) -> None:
    mara.open(f"{ADMIN}/criterion/add/")
    pk = re.search(rf'<option value="(\d+)"[^>]*>{group}</option>', mara.page)
    assert pk
    mara.fill("criterion_form", group=pk[1], **values)
    mara.sees("was added successfully")


def publishes(mara: Person) -> None:
    """Everybody is scored beside what is live, the page says how far that is, then it is live."""
    mara.open("/scoring/")
    mara.open(mara.links(r"/scoring/models/\d+/")[0])
    sentence = "Viewed a page where url contains “/pricing” in the last 30 days for each event, at most 15"
    mara.sees(f"Looked at prices {sentence}", "Runs the company Seniority is “C-level” Talk +20")
    mara.fill(f"{mara.path}publications", note="Agreed with Rob after the fair.")
    assert "0 of 6 leads scored" in words(mara.part(mara.path))
    run_publications()
    assert "Version 1 is live: of 6 leads 6 got another score" in words(mara.part(mara.path))
    mara.sees("Agreed with Rob after the fair.")


def sees_leads_by_score(mara: Person) -> tuple[str, str]:
    """Addresses of the two best leads: the one with the smaller number first."""
    mara.open("/leads/")
    assert re.findall(r"Score (\d+) of 100", mara.page) == ["40", "40", "20", "0", "0", "0"]
    by_name = {words(text): link for link, text in re.findall(r'<a href="(/leads/\d+/)">(.*?)</a>', mara.page)}
    assert list(by_name)[2] == "Sabine Gruber"
    assert "Jörg Müller" in mara.open("/leads/", q="straßenbau")
    return by_name["Jörg Müller"], by_name["Tom Brandt"]


def reads_why(mara: Person, lead: str, shown: dict[str, Any]) -> None:
    """The parts of the lead page agree, and every ledger line is in its sum."""
    mara.open(lead)
    mara.sees(shown["label"])
    card = mara.finds(r"(\d+) of 100 Fit [A-D] who they are (\d+) of 50 Engagement [1-4] what they do (\d+) of 50")
    assert [int(points) for points in card.groups()] == [shown["Score"], shown["Fit"], shown["Engagement"]]
    (address,) = set(re.findall(r'hx-get="(/scoring/leads/\d+/standing/)"', mara.page))
    part = mara.part(address)
    lines = re.findall(r'<tr class="(?:line|cap)">.*?<td>([+−]?\d+)</td></tr>', part, re.S)
    assert sum(int(points.replace("−", "-")) for points in lines) == shown["Score"]
    assert "Company gives at most 20 −10" in words(part)
    axes = re.findall(r"(?:they are|they do) (\d+) of 50", words(part))
    assert [int(points) for points in axes] == [shown["Fit"], shown["Engagement"]]
    assert words(part).split("engagement")[-1].split()[0] == str(shown["Score"])


def writes_events(ada: Person, joerg: str, tom: str) -> None:
    """A program with a token reports what they did; the worker scores them, and sales gets two handoffs."""
    ada.open("/admin/leads/apitoken/add/")
    pk = re.search(r'<option value="(\d+)"[^>]*>Mara</option>', ada.page)
    assert pk
    ada.fill("apitoken_form", user=pk[1], scope="write", name="Website", days=30)
    secret = re.search(r"lst_[\w-]+", ada.page)
    assert secret
    website = Client(headers={"authorization": f"Bearer {secret[0]}"})
    views = [{"kind": "page_viewed", "lead": number(tom), "properties": {"url": f"/pricing?{i}"}} for i in range(4)]
    asked = {"kind": "pricing_requested", "email": "J.Mueller@strassenbau-nord.de", "message_id": "form-1"}
    for body, status in ((asked, 201), (asked, 200), (views, 201)):
        assert website.post("/api/v1/events", body, content_type="application/json").status_code == status
    rescore_due()
    answers = [website.get(f"/api/v1/leads/{number(lead)}/standing").json() for lead in (joerg, tom)]
    found = [(answer["total"], answer["grade"], answer["label"]) for answer in answers]
    assert found == [(60, "A1", "hot"), (55, "A2", "hot")]
    assert [sum(line["points"] for line in answer["lines"]) for answer in answers] == [60, 55]
    handoffs = website.get("/api/v1/handoffs", {"state": "open"}).json()["results"]
    assert {each["lead"]: each["promise"]["total"] for each in handoffs} == {number(joerg): 60, number(tom): 55}


def number(lead: str) -> int:
    return int(lead.split("/")[2])


def reads_what_changed(mara: Person, lead: str) -> None:
    mara.open(lead)
    (address,) = set(re.findall(r'hx-get="(/scoring/leads/\d+/history/)"', mara.page))
    part = words(mara.part(address))
    assert "no score → 60 +20 activity" in part
    assert re.search(r"Activity Asked for pricing \+20 \+20 60 .*? First score, by version 1 new 40", part)
    assert "asked for pricing" in words(mara.part(f"{lead}events/")).lower()


def decides(rob: Person, joerg: str, tom: str) -> None:
    """The rep of the team has both, accepts one and rejects the other with a reason and a comment."""
    assert "2 leads wait for your decision" in rob.open("/")
    rob.open("/handoffs/")
    rob.sees("2 wait for you, 2 for the team.")
    rob.sees("At handoff 60 · A1, same now", "Rob: round robin, 1st of 1")
    mine = handoff_of(rob, joerg)
    assert "+20 Asked for pricing" in words(rob.part(mine))
    rob.open("/handoffs/")
    rob.fill(f"{mine}acceptance/")
    rob.sees("Jörg Müller is yours.")
    other = handoff_of(rob, tom)
    assert "Which reason misled us?" in words(rob.part(f"{other}rejection/"))
    rob.fill(f"{other}rejection/", reason="no_budget", comment="Cut in August.", misled_by="50,000 or more")
    rob.sees("Tom Brandt is rejected. Marketing sees your answer.")
    assert "Nothing waits for your decision" in rob.open("/")
    assert "Rejected by Rob" in words(rob.open(tom))


def handoff_of(rob: Person, lead: str) -> str:
    rows = re.findall(r'id="handoff-(\d+)".*?href="(/leads/\d+/)"', rob.page, re.S)
    return next(f"/handoffs/{pk}/" for pk, address in rows if address == lead)


def sees_nothing_of_it(rita: Person, lead: str) -> None:
    """The rep of another team."""
    assert "0 wait for you, 0 for the team" in words(rita.open("/handoffs/"))
    assert rita.client.get(lead).status_code == 404
    assert "Jörg" not in rita.open("/leads/")


def reads_the_answers(mara: Person, tom: str) -> None:
    mara.open("/handoffs/")
    mara.finds(r"What sales answered .*?Tom Brandt Hafenlogistik GmbH Rejected .*?No budget.*?Cut in August")
    mara.sees("50,000 or more")
    mara.open(tom)
    mara.finds(r"What sales said .*?Rob Rejected")


def reads_the_report(mona: Person) -> None:
    """Handoffs, acceptance and conversion by label; no figure without its n."""
    mona.open("/reports/")
    mona.finds(r"Accepted by sales .*?1 of 2 dec")
    mona.finds(r"Conversion by label .*?Hot too few 0 of 2 so far .*?Cold too few 0 of \d so far")
    mona.finds(r"Median time to decide Hot 2 1 of 2 so far 1 0 0 0")
    mona.finds(r"Reasons given n = 1 .*?No budget 1")
    for name, line in (("handoffs", "hot,2,1,2"), ("conversion", "hot,0,2"), ("reasons", "No budget,1,1")):
        (address,) = mona.links(rf"/reports/{name}\.csv[^\"]*")
        answer = mona.client.get(address)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert line in body.decode().lower() or line in body.decode(), body.decode()


def the_same_file_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    before = facts()
    capsys.readouterr()
    call_command("import_leads", FILE, team="europe", json=True)
    told = json.loads(capsys.readouterr().out)
    counts = {name: told[name] for name in ("rows", "created", "updated", "unchanged", "rejected", "in_part")}
    assert counts == {"rows": 7, "created": 0, "updated": 0, "unchanged": 6, "rejected": 1, "in_part": 1}
    assert facts() == before


def facts() -> Any:
    """Everything a standing is made of, and whether it is due."""
    leads = list(Lead.objects.order_by("pk").values())
    return leads, list(Standing.objects.order_by("pk").values()), Change.objects.count(), Event.objects.count()
