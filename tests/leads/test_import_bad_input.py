"""Garbage in files hurts only itself: never our failure, never a lost good row, a reason for each, little memory."""

import io
import random
import resource
import time
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook

from leads.enums import FieldType, ImportState, Role
from leads.ingest import job as jobs
from leads.models import Field, Import, Lead
from tests.sales import make_team, make_user

pytestmark = pytest.mark.django_db
FILES, GOOD, MEGABYTE = 40, 12, 1024
HEADER = ["Email", "First name", "Employees", "Created", "Tags", "Visits"]
DEEP = "[" * 5000 + "]" * 5000
LONG = "1" + " " * 20_000 + "x"
PLAIN = ["{email}", "Ana", "12", "2026-03-04", "x;y", "3"]


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def marta(client):
    Field.objects.create(key="tags", label="Tags", type=FieldType.LIST)
    Field.objects.create(key="visits", label="Visits", type=FieldType.NUMBER)
    client.force_login(make_user("Marta", make_team(), Role.MARKETING))


def bad_rows(number: int) -> list[list[str]]:
    """50 rows with something in each that cannot be taken: the address (the row is skipped) or another cell."""
    emails = ["a b@x.example", "@", "a@", "@x.example", "a" * 400 + "@x.example", "a@@x.example", DEEP, "a@[1.2.3",
              "\ufffd@x.example", "a@x..example", "a@" + "b." * 3000 + "example", LONG, "{" * 50, "nobody"]  # fmt: skip
    counts = ["9" * 5000, "-1", "NaN1", "Infinity", "-1e999", LONG, "1" + ",1" * 10_000, DEEP, "2147483648",
              "(" * 5000, "0x1F", "1.2.3.4"]  # fmt: skip
    dates = ["0001-01-01", "9999-12-31", "2026-02-30", "2026-13-01", "1" * 5000, "0000-00-00", "31/31/2026",
             "2026-03-04T25:61", "2026-03-04T10:00:00+99:99", "Xyz 3 2026", LONG, DEEP]  # fmt: skip
    visits = ["1e5000", "9" * 400, "-Infinity", "1e400", "one", DEEP, LONG, "1" + "'" * 20_000 + "x", "--1", "\ufffd",
              "1__0", "٣x", "²"]  # fmt: skip
    by_place = {0: emails, 2: counts, 3: dates, 5: visits}
    spoiled = [(place, value) for place, values in by_place.items() for value in values]
    return [
        [value if at == place else cell.format(email=f"b{number}-{row}@x.example") for at, cell in enumerate(PLAIN)]
        for row, (place, value) in enumerate(spoiled)
    ]


def good_rows(number: int) -> list[list[str]]:
    """Taken as they are, with a few harmless oddities in them."""
    tags = ["[NaN]", '["\\ud800"]', DEEP, '["a\\u0000"]', "[1e999]", '[{"a": 1}]']
    return [[f"g{number}-{row}@good.example", "Jörg Müßigbrodt", "1.200", "2026-03-04", tags[row % len(tags)], "7"]
            for row in range(GOOD)]  # fmt: skip


def as_csv(rows: list[list[str]], encoding: str) -> bytes:
    lines = [";".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    if encoding == "utf-8":  # bytes that are none, NUL in the middle of a name
        lines[1:] = [line.replace("\ufffd", "\udcff").replace('"Ana"', '"A\0na"') for line in lines[1:]]
        return "\n".join(lines).encode("utf-8", "surrogateescape")
    return "\n".join(lines).encode(encoding)


def as_xlsx(rows: list[list[str]]) -> bytes:
    book, buffer = Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet()
    for row in rows:
        sheet.append([cell[:32_000] for cell in row])
    book.save(buffer)
    return buffer.getvalue()


def upload(client, content: bytes, name: str):
    return client.post(reverse("imports"), {"file": SimpleUploadedFile(name, content), "team": make_team().pk})


def work_off(client, content: bytes, name: str) -> Import:
    assert upload(client, content, name).status_code == 302
    job = Import.objects.first()
    assert client.get(reverse("import", args=[job.pk])).status_code == 200
    assert client.post(reverse("import-start", args=[job.pk]), {"policy": "fill"}).status_code == 302
    jobs.run_due()
    assert client.get(reverse("import", args=[job.pk])).status_code == 200
    job.refresh_from_db()
    return job


def memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MEGABYTE


def test_bad_rows_hurt_only_themselves(client, marta):
    shuffled, before, bad = random.Random(5), memory(), 0
    for number in range(FILES):
        broken = bad_rows(number)
        rows = [(False, row) for row in broken] + [(True, row) for row in good_rows(number)]
        shuffled.shuffle(rows)
        table = [HEADER, *(row for _, row in rows)]
        kind = ["utf-8", "utf-16", "xlsx"][number % 3]
        content = as_xlsx(table) if kind == "xlsx" else as_csv(table, kind)
        began = time.process_time()
        job = work_off(client, content, f"{number}.{'xlsx' if kind == 'xlsx' else 'csv'}")
        assert time.process_time() - began < 2, kind
        assert (job.state, job.error) == (ImportState.DONE, "")
        assert (job.created + job.rejected, job.rows) == (len(rows), len(rows))
        told = set(job.problems.exclude(message="").values_list("line", flat=True))
        silent = [row[:4] for line, (fine, row) in enumerate(rows, 2) if not fine and line not in told]
        assert (silent, [line for line, (fine, _) in enumerate(rows, 2) if fine and line in told]) == ([], []), kind
        bad += len(broken)
    assert bad >= 2_000
    good = Lead.objects.filter(email__endswith="@good.example").select_related("company")
    assert good.count() == FILES * GOOD
    assert set(good.values_list("first_name", "fields__visits")) == {("Jörg Müßigbrodt", 7)}
    assert {lead.fields["tags"][0][:9] for lead in good} == {"nan", "?", "[" * 9, "a", "inf", "{'a': 1}"}
    assert memory() - before < 250


def test_rows_wider_than_any_table(client, marta):
    wide = ["w@x.example", *["1"] * 100_000]
    rows = [HEADER, *([*row] for row in good_rows(1)), *[wide] * 5]
    began = time.process_time()
    job = work_off(client, as_csv(rows, "utf-8"), "wide.csv")
    assert (job.rows, Lead.objects.filter(email__endswith="@good.example").count()) == (GOOD + 5, GOOD)
    assert ({len(problem.row) for problem in job.problems.all()}, time.process_time() - began < 2) == ({500}, True)


SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)
LAUGHS = ('<!DOCTYPE x [<!ENTITY a "' + "ha" * 50 + '">'
          + "".join(f'<!ENTITY {chr(97 + n)} "{f"&{chr(96 + n)};" * 10}">' for n in range(1, 10))
          + "]>" + SHEET.format("<row><c t=\"str\"><v>&j;</v></c></row>"))  # fmt: skip
ROW = '<row r="1"><c r="A1" t="inlineStr"><is><t>Email</t></is></c></row>'


def book_with(sheet: str | bytes, part: str = "xl/worksheets/sheet1.xml") -> bytes:
    """A workbook one part of which is what is given."""
    buffer, whole = io.BytesIO(), zipfile.ZipFile(io.BytesIO(as_xlsx([HEADER, *good_rows(1)])))
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as parts:
        for name in whole.namelist():
            parts.writestr(name, sheet if name == part else whole.read(name))
    return buffer.getvalue()


def cell(text: str, at: str = "A2", row: str = "2") -> str:
    return SHEET.format(f'{ROW}<row r="{row}"><c r="{at}"{text}</c></row>')


def whole_files() -> dict[str, bytes]:
    """Files of which nothing can be taken."""
    book = as_xlsx([HEADER, *good_rows(1)])
    return {
        "nothing": b"", "blank": b" \n" * 1000, "nul": b"\0" * 5000, "bom": b"\xff\xfe", "header": b"Email,City\n",
        "pdf": b"%PDF-1.7", "gzip": b"\x1f\x8b\x08" + b"\0" * 50, "xls": b"\xd0\xcf\x11\xe0" + b"\0" * 5000,
        "columns": b"a," * 100_000 + b"\n1\n", "quote": b'Email,City\na@b.example,"\n' + b"x,y\n" * 50_000,
        "cell": b"Email\n" + b"a" * 500_000 + b"\n", "zip": b"PK\x03\x04" + b"\0" * 500,
        "half.xlsx": book[: len(book) // 2], "spoiled.xlsx": book[:400] + bytes(200) + book[600:],
        "bomb.xlsx": book_with(cell(' t="str"><v>' + "a" * 60_000_000 + "</v>")),
        "styles.xlsx": book_with(b"<sst>" + b" " * 60_000_000 + b"</sst>", "xl/styles.xml"),
        "laughs.xlsx": book_with(LAUGHS), "deep.xlsx": book_with("<a>" * 5000), "xml.xlsx": book_with(b"\xff\xfe\0<"),
        "far.xlsx": book_with(cell(' t="str"><v>x</v>', "A999999999999", "999999999999")),
        "wide.xlsx": book_with(cell(' t="str"><v>x</v>', "ZZZZZZZZZ2")),
        "number.xlsx": book_with(cell("><v>" + "9" * 5000 + "</v>")), "word.xlsx": book_with(cell("><v>x</v>")),
        "text.xlsx": book_with(cell(' t="s"><v>99</v>')), "row.xlsx": book_with(cell("><v>1</v>", row="x")),
        "type.xlsx": book_with("{}", "[Content_Types].xml"), "rels.xlsx": book_with("", "xl/_rels/workbook.xml.rels"),
        "book.xlsx": book_with("<workbook/>", "xl/workbook.xml"), "sheet.xlsx": book_with(""),
    }  # fmt: skip


def test_files_that_are_none(client, marta):
    for name, content in whole_files().items():
        before, began = memory(), time.process_time()
        answer = upload(client, content, name)
        assert (answer.status_code, time.process_time() - began < 2, memory() - before < 150) == (422, True, True), name
        assert answer.context["form"].errors["file"], name
    assert not Import.objects.exists() and not Lead.objects.exists()


def test_what_a_sheet_says_of_its_size_is_not_believed(client, marta):
    said = SHEET.format("".join(f'<row r="{n}"><c r="A{n}" t="str"><v>{text}</v></c></row>'
                                for n, text in ((1, "Email"), (2, "a@good.example"))))  # fmt: skip
    vast = said.replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>')
    began = time.process_time()
    job = work_off(client, book_with(vast), "vast.xlsx")
    assert (job.rows, job.created, time.process_time() - began < 2) == (1, 1, True)
