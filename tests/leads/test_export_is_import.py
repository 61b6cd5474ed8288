"""What the list of leads exports, imported again, changes nothing; and the file is harmless in a spreadsheet."""

import csv
import io

import pytest
from django.urls import reverse

from leads import csvfile
from leads.enums import FieldType, ImportPolicy, Role
from leads.ingest import own
from leads.models import Change, Company, Field, Lead
from tests.leads.importing import counts, run, take_over
from tests.sales import make_team, make_user, score

pytestmark = pytest.mark.django_db
NASTY = [
    "=1+1", "+49 89 1", "-2+3", "@SUM(A1)", "\tTab", "'=quoted", "''@twice", "'plain", "O'Neil", 'say "hi"', "a,b;c|d",
    "two\nlines", "caf\u00e9 \U0001f600 \u05e9\u05dc\u05d5\u05dd", "n/a", "-", "null", "  spaces  inside  ", "-12.5",
    "1.200", "0", "' =x", "\u00a0=nbsp", "=\u2028",
]  # fmt: skip
FIELDS = {
    "note": (FieldType.TEXT, NASTY), "size": (FieldType.NUMBER, [1.234, -5, 0, 1200, 0.001, 12345678.25, 10**14]),
    "since": (FieldType.DATE, ["2026-03-04", "1999-12-31", "2026-12-11"]), "vip": (FieldType.BOOLEAN, [True, False]),
    "tier": (FieldType.CHOICE, ["A", "=B", "o"]),
    "tags": (FieldType.LIST, [["a", "b"], ["a;b", "c"], ["one"], ["x,y"], ["=1", "|"], ['["q"]'], ["a", "a"], [" s "]]),
}  # fmt: skip


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def people(client):
    owner = make_user("Rita", make_team())
    client.force_login(make_user("Marta", make_team(), Role.MARKETING))
    for key, (type_, _) in FIELDS.items():
        Field.objects.create(
            of=Field.LEAD, key=key, label=key, type=type_, choices=["A", "=B", "o"] if key == "tier" else []
        )
    twins = [
        Company.objects.create(team=make_team(), name="Acme", domain=domain) for domain in ("", "acme.example", "")
    ]
    for number, nasty in enumerate(NASTY):
        values = {key: options[number % len(options)] for key, (_, options) in FIELDS.items()}
        lead = Lead.objects.create(
            team=make_team(), email=f"p{number}@x.example" if number % 3 else "", first_name=nasty, last_name=nasty,
            title=nasty, city=nasty, website=nasty, phone="+49891234567" if number % 2 else nasty, source=nasty,
            country="DE" if number % 2 else "", company=twins[number % 3] if number % 4 else None,
            owner=owner if number % 5 else None, fields=values if number % 7 else {},
        )  # fmt: skip
        score(lead, points=(number, 0, 0))
    return Lead.objects.count()


def export(client) -> bytes:
    return b"".join(client.get(reverse("leads-export")).streaming_content)


def state():
    rows = [list(model.objects.order_by("pk").values()) for model in (Lead, Company)]
    return rows, Change.objects.count()


@pytest.mark.parametrize("policy", ImportPolicy)
def test_import_of_the_export_changes_nothing(client, people, policy):
    text, before = export(client), state()
    job = run(take_over(text, "leads.csv", source="Export"), policy=policy)
    assert list(Change.objects.values_list("field", "old", "new")) == []
    assert (job.created, job.updated, job.unchanged, job.rejected, job.rows) == (0, 0, people, 0, people), counts(job)
    assert (state(), export(client)) == (before, text)


def test_a_change_in_the_export_is_taken_and_nothing_else(client, people):
    rows = list(csv.DictReader(io.StringIO(export(client).decode("utf-8-sig"))))
    rows[0] |= {"city": "Gent", "fields.size": "7.5", "total": "999", "label": "hot", "stage": "customer"}
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    job = run(take_over(out.getvalue(), "leads.csv"), policy=ImportPolicy.FILE_WINS)
    assert (job.created, job.updated) == (0, 1)
    lead = Lead.objects.get(pk=own.lead_of(rows[0][own.ID]))
    assert (lead.city, lead.fields["size"], lead.stage, lead.standing.total) == ("Gent", 7.5, "new", people - 1)


def test_an_id_of_another_installation_or_team_finds_nobody(client, people, settings):
    foreign = Lead.objects.create(team=make_team("APAC"), first_name="Theirs")
    head = f"email,first_name,{own.ID}\n"
    for mark in (own.mark_of(foreign.pk), f"{foreign.pk}-000000000000", "nonsense", "9" * 30, own.mark_of(10**9)):
        job = run(take_over(f"{head},Mine,{mark}\n", "x.csv"), policy=ImportPolicy.FILE_WINS)
        assert (job.created, job.updated, job.rejected) == (0, 0, 1), mark
    foreign.refresh_from_db()
    assert foreign.first_name == "Theirs"
    mark = own.mark_of(Lead.objects.filter(team=make_team()).first().pk)
    settings.SECRET_KEY = "another installation with another key"
    with pytest.raises(ValueError, match="Not an id of this installation"):
        own.lead_of(mark)


@pytest.mark.parametrize("value", [*NASTY, "\rreturn", "\n=x", "''", "'", "", "'''=x", "''' @"])
def test_nothing_is_a_formula_and_nothing_is_lost(value):
    cell = csvfile.safe(value)
    assert csvfile.unsafe(cell) == value
    assert not cell.lstrip(" ").startswith(("=", "+", "@", "\t", "\r", "\n", "-")) or value in ("-12.5",)


def test_numbers_stay_numbers():
    assert [csvfile.safe(value) for value in (-5, -0.5, "-5", "-5,5", None, 0)] == [-5, -0.5, "-5", "-5,5", "", 0]
