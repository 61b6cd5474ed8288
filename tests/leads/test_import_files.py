"""Files as they come: encodings, delimiters, headers, kinds, columns."""

import io
import random
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from leads.enums import ImportKind
from leads.ingest.columns import guess_kind, suggest
from leads.ingest.files import FileError, read_rows, sniff
from leads.ingest.survey import facts_of, survey
from tests.leads.importing import FILES, SHARED, needs_shared


def write(tmp_path: Path, content: str | bytes, name: str = "file.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows(path: Path) -> list[tuple[int, list[str]]]:
    return [(row.line, row.cells) for row in read_rows(path, sniff(path))]


@pytest.mark.parametrize(
    ("content", "encoding", "delimiter"),
    [
        ("Vorname;Ort\nJörg;Köln\n", "utf-8", ";"),
        ("\ufeffVorname,Ort\nJörg,Köln\n", "utf-8-sig", ","),
        ("Vorname\tOrt\nJörg\tKöln\n".encode("utf-16"), "utf-16", "\t"),
        ("Vorname|Ort\nJörg|Köln\n".encode("cp1252"), "cp1252", "|"),
        ("Vorname;Ort\r\nJörg;Köln\r\n".encode("latin-1"), "cp1252", ";"),
    ],
)
def test_encoding_and_delimiter(tmp_path, content, encoding, delimiter):
    shape = sniff(path := write(tmp_path, content))
    assert (shape.encoding, shape.delimiter, shape.columns) == (encoding, delimiter, ["Vorname", "Ort"])
    assert rows(path) == [(2, ["Jörg", "Köln"])]


def test_lines_are_those_of_the_file(tmp_path):
    path = write(tmp_path, 'a,b\n1,"two\nlines"\n\n,,\n3,4\n')
    assert rows(path) == [(2, ["1", "two\nlines"]), (6, ["3", "4"])]
    assert [row.line for row in read_rows(path, sniff(path), skip=1)] == [6]


def test_columns_without_and_with_the_same_name(tmp_path):
    assert sniff(write(tmp_path, "Email,,Email, \nx,y,z,\n")).columns == ["Email", "Column 2", "Email (2)", "Column 4"]


def test_a_file_without_a_header(tmp_path):
    path = write(tmp_path, "Ana,ana@northwind.example\nEva,eva@tarn.example\n")
    assert sniff(path).columns == ["Column 1", "Column 2"]
    assert [line for line, _ in rows(path)] == [1, 2]


def test_xlsx(tmp_path):
    book = Workbook()
    book.active.title = "Empty"
    sheet = book.create_sheet("Leads")
    sheet.append(["Email", "Visits", "When", "Ok"])
    sheet.append(["a@b.example", 3.0, datetime(2026, 8, 3), True])
    sheet.append([None, None, None, None])
    sheet.append(["c@d.example", 1.5, datetime(2026, 8, 3, 9, 30), False])
    buffer = io.BytesIO()
    book.save(buffer)
    path = write(tmp_path, buffer.getvalue(), "leads.xlsx")
    assert rows(path) == [
        (2, ["a@b.example", "3", "2026-08-03", "true"]),
        (4, ["c@d.example", "1.5", "2026-08-03T09:30:00", "false"]),
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "The file is empty. Choose a file with a header and at least one row."),
        (b"\n\n", "The file is empty. Choose a file with a header and at least one row."),
        (b"%PDF-1.7", "This is no CSV or XLSX file. Save it as CSV or XLSX."),
        (
            b"PK\x03\x04broken",
            "The XLSX file is damaged. Open it in a spreadsheet and save it again, or save it as CSV.",
        ),
        (b"a," * 600, "601 columns. A file may have at most 500."),
    ],
)
def test_what_cannot_be_read(tmp_path, content, why):
    with pytest.raises(FileError, match=None) as wrong:
        sniff(write(tmp_path, content))
    assert str(wrong.value) == why


def test_a_quote_that_is_never_closed(tmp_path):
    path = write(tmp_path, 'a,b\n1,2\n3,"4\n' + "5,6\n" * 60_000)
    with pytest.raises(FileError) as wrong:
        rows(path)
    assert str(wrong.value) == "Line 3: a quote opens a cell and is never closed. Correct that line."


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("contacts.csv", ImportKind.LEADS),
        ("companies.csv", ImportKind.COMPANIES),
        ("deals.csv", ImportKind.DEALS),
        ("activities.csv", ImportKind.EVENTS),
    ],
)
def test_the_kind_of_file(name, kind):
    assert guess_kind(sniff(FILES / name).columns) == kind


def suggested(path: Path) -> dict[str, tuple[str, str]]:
    _, columns = survey(path, sniff(path))
    return {
        name: (one.key, one.confidence)
        for name, one in suggest(guess_kind([c.name for c in columns]), columns, []).items()
    }


def test_columns_by_name_in_four_languages(tmp_path):
    path = write(
        tmp_path,
        "Firma;Vorname;Nachname;Mail;Funktion;Mitarbeiter;Land;Prénom;Teléfono\n"
        "Northwind;Ana;Ruiz;a@northwind.example;CTO;1.200;ES;Ana;+34 612 345 678\n",
    )
    assert [key for key, _ in suggested(path).values()] == [
        "company.name",
        "first_name",
        "last_name",
        "email",
        "title",
        "company.employees",
        "country",
        "new.text",
        "phone",
    ]


def test_columns_by_their_values(tmp_path):
    lines = "".join(
        f"p{n}@northwind.example;{'Spain' if n % 2 else 'Belgium'};{n % 4};{'yes' if n % 3 else 'no'};;0{n}123\n"
        for n in range(60)
    )
    path = write(tmp_path, "Kontakt A;Wo;Besuche;Ok;Leer;Zip\n" + lines)
    assert suggested(path) == {
        "Kontakt A": ("email", "By its values"),
        "Wo": ("country", "By its values"),
        "Besuche": ("new.number", "By its values"),
        "Ok": ("new.boolean", "By its values"),
        "Leer": ("", "No match"),
        "Zip": ("new.text", "No match"),
    }


def test_an_id_that_repeats_is_no_id(tmp_path):
    path = write(tmp_path, "Email,Account Id\na@b.example,7\nc@d.example,7\n")
    assert suggested(path)["Account Id"][0] == "new.text"


def test_what_is_read_as_empty_is_counted(tmp_path):
    path = write(tmp_path, "Email,City\na@b.example,Select\nc@d.example,Select\ne@f.example,Gent\n")
    _, columns = survey(path, sniff(path))
    assert facts_of(columns[1])["blanks"] == {"Select": 2}


@needs_shared
@pytest.mark.parametrize(
    ("name", "kind", "rows_of_data"),
    [
        ("import_samples/hubspot_contacts.csv", "leads", 950),
        ("import_samples/hubspot_companies.csv", "companies", 200),
        ("import_samples/hubspot_deals.csv", "deals", 500),
        ("import_samples/hubspot_activities.csv", "events", 2000),
        ("import_samples/datablist_leads-100.csv", "leads", 100),
        ("x_education/Leads.csv", "leads", 9240),
        ("leadforge_sample/leads.csv", "leads", 5000),
        ("leadforge_sample/accounts.csv", "companies", 1500),
        ("leadforge_sample/opportunities.csv", "deals", 3352),
        ("leadforge_sample/sales_activities.csv", "events", 17637),
        ("maven_crm/sales_pipeline.csv", "deals", 8800),
        ("maven_crm/accounts.csv", "companies", 85),
    ],
)
def test_real_exports_are_recognised(name, kind, rows_of_data):
    shape = sniff(SHARED / name)
    assert (guess_kind(shape.columns), survey(SHARED / name, shape)[0]) == (kind, rows_of_data)


@pytest.mark.parametrize(
    "start",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40,
        b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"Email,City\n" * 50,
        random.Random(7).randbytes(20_000),
        b"MZ\x90\x00\x03" + b"\x00\x00\x01text" * 500,
    ],
)
def test_a_binary_file_is_no_csv_whatever_it_is_called(tmp_path, start):
    path = tmp_path / "real.csv"
    path.write_bytes(start)
    with pytest.raises(FileError, match="This is no CSV or XLSX file"):
        sniff(path)


@pytest.mark.parametrize(
    "text",
    [
        "Email,City\na@b.example,K\x00öln\nc@d.example,\x0bBonn\n".encode(),
        "Email,City\na@b.example,Bonn\n".encode("utf-16-le"),
        "Email,City\na@b.example,Bonn\n\x1a".encode("cp437"),
        "氏名,市\n山田,東京\n".encode("cp932") * 200,
    ],
)
def test_a_text_with_some_odd_signs_is_still_read(tmp_path, text):
    path = tmp_path / "real.csv"
    path.write_bytes(text)
    assert len(sniff(path).columns) == 2
