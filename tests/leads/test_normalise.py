"""How values are read: one table for each kind."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from leads.ingest.normalise import addresses, dates, numbers
from leads.ingest.normalise.blanks import is_blank
from leads.ingest.normalise.booleans import boolean
from leads.ingest.normalise.countries import country
from leads.ingest.normalise.phones import phone
from leads.ingest.normalise.titles import read_title


def refused(read, *values):
    with pytest.raises(ValueError) as wrong:
        read(*values)
    return str(wrong.value)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Ana.Ruiz@Northwind.EXAMPLE", "ana.ruiz@northwind.example"),
        (" mailto:ana@example.com ", "ana@example.com"),
        ("Ana Ruiz <ana@example.org>", "ana@example.org"),
        ("ana@firma.test", "ana@firma.test"),
        ("ana+fair@northwind.example", "ana+fair@northwind.example"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
    ],
)
def test_email(text, address):
    assert addresses.email(text) == address


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ana", "No @ sign. Write an address such as ana@northwind.example."),
        ("p.maas@deltapack", "No domain ending. Write an address such as ana@northwind.example."),
        ("a@b.example, c@d.example", "More than one @ sign. Give one e-mail address."),
        ("a" * 260 + "@b.example", "Longer than 254 characters. Give one e-mail address."),
    ],
)
def test_no_email(text, why):
    assert refused(addresses.email, text) == why


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("https://www.Northwind.example/en?x=1", "northwind.example"),
        ("northwind.example", "northwind.example"),
        ("//shop.northwind.example:8080", "shop.northwind.example"),
        ("ana@northwind.example", "northwind.example"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("10.0.0.1", ""),
        ("northwind", ""),
        ("-bad-.example", ""),
        ("", ""),
    ],
)
def test_domain(text, domain):
    assert addresses.domain(text) == domain


@pytest.mark.parametrize("address", ["a@gmail.com", "a@web.de", "a@example.org", "a@localhost"])
def test_free_mail_is_no_company_domain(address):
    assert addresses.company_domain(address) == ""


@pytest.mark.parametrize(
    ("text", "home", "number"),
    [
        ("001-672-799-2170x5610", "", "+16727992170 ext. 5610"),
        ("(240)452-2332x4601", "US", "+12404522332 ext. 4601"),
        ("(240)452-2332x4601", "", "(240)452-2332x4601"),
        ("089 / 1234567", "DE", "+49891234567"),
        ("089 / 1234567", "", "089 / 1234567"),
        ("+49 (0)89 1234567", "", "+49891234567"),
        ("0049 89 1234567", "US", "+49891234567"),
    ],
)
def test_phone(text, home, number):
    assert phone(text, home) == number


@pytest.mark.parametrize("text", ["call me", "123", "ask for Ana 12345678"])
def test_no_phone(text):
    assert refused(phone, text) == "Not a phone number. Write it as +49 89 1234567."


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Germany", "DE"), ("Deutschland", "DE"), ("Allemagne", "DE"), ("Alemania", "DE"), ("de", "DE"), ("DEU", "DE"),
        ("Comoros", "KM"), ("Palestinian Territory", "PS"), ("Cocos (Keeling) Islands", "CC"),
        ("Kyrgyz Republic", "KG"),
        ("United States Minor Outlying Islands", "UM"), ("USA", "US"), ("U.S.A.", "US"), ("UK", "GB"),
        ("Holland", "NL"),
        ("Korea", "KR"), ("Cote d'Ivoire", "CI"), ("Türkei", "TR"), ("Saint Martin", "MF"), ("St. Helena", "SH"),
        ("Libyan Arab Jamahiriya", "LY"), ("Slovakia (Slovak Republic)", "SK"), ("Bolivia", "BO"), ("NA", "NA"),
    ],
)  # fmt: skip
def test_country(text, code):
    assert country(text) == code


@pytest.mark.parametrize("text", ["EU", "Asia/Pacific Region", "XX"])
def test_no_country(text):
    assert refused(country, text) == "Not a country. Write its name in English or its two letters, such as DE."


@pytest.mark.parametrize(
    ("values", "read"),
    [
        (["420", "85", "1.200"], ["420", "85", "1200"]),
        (["1.5", "1.200"], ["1.5", "1.200"]),
        (["1,200", "3"], ["1200", "3"]),
        (["0,5", "1,25"], ["0.5", "1.25"]),
        (["1.234,56"], ["1234.56"]),
        (["1,234.56"], ["1234.56"]),
        (["1.234.567"], ["1234567"]),
        (["€ 1 200", "1'300"], ["1200", "1300"]),
        (["1-10", "51–200", "10,001+", "500 to 999"], ["1", "51", "10001", "500"]),
        (["$50M-$200M", "$1.5k", "2 Mio."], ["50000000", "1500", "2000000"]),
        (["-3", "−4", "(12)"], ["-3", "-4", "-12"]),
    ],
)
def test_numbers_of_a_column(values, read):
    sign = numbers.decimal_sign(values)
    assert [numbers.number(value, sign) for value in values] == [Decimal(value) for value in read]


@pytest.mark.parametrize("text", ["about 300", "12.3.4", "many", "1e9999", "--3"])
def test_no_number(text):
    assert refused(numbers.number, text) == "Not a number. Write digits, such as 1200."


@pytest.mark.parametrize(
    ("text", "order", "moment"),
    [
        ("2026-08-03", "dmy", (2026, 8, 3)),
        ("2026-08-03T14:05:06Z", "dmy", (2026, 8, 3, 14, 5, 6)),
        ("2026-08-03 14:05:06.123+02:00", "dmy", (2026, 8, 3, 12, 5, 6, 123000)),
        ("03/08/2026", "dmy", (2026, 8, 3)),
        ("03/08/2026", "mdy", (2026, 3, 8)),
        ("8/25/2026 3:04 PM", "dmy", (2026, 8, 25, 15, 4)),
        ("3.8.2026", "mdy", (2026, 8, 3)),
        ("3.8.26", "dmy", (2026, 8, 3)),
        ("20260803", "dmy", (2026, 8, 3)),
        ("3 Aug 2026", "dmy", (2026, 8, 3)),
        ("Aug 3, 2026", "dmy", (2026, 8, 3)),
        ("Mon, 3 Aug 2026 10:00:00 +0200", "dmy", (2026, 8, 3, 8)),
        ("3. März 2026", "dmy", (2026, 3, 3)),
        ("15 juin 2026", "dmy", (2026, 6, 15)),
        ("15 juillet 2026", "dmy", (2026, 7, 15)),
        ("3 de agosto de 2026", "dmy", (2026, 8, 3)),
        ("1700000000", "dmy", (2023, 11, 14, 22, 13, 20)),
    ],
)
def test_moment(text, order, moment):
    assert dates.moment(text, order) == datetime(*moment, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("someday", "Not a date. Write it as 2026-08-03."),
        ("31/02/2026", "No such date (day 31 of month 2). Write it as 2026-08-03."),
        ("0001-01-01", "No such date (year 1). Write it as 2026-08-03."),
        ("2026-13-01", "No such date (month 13). Write it as 2026-08-03."),
        ("2026-03-04T25:61", "No such date (time 25:61). Write it as 2026-08-03."),
        ("12", "Not a date. Write it as 2026-08-03."),
    ],
)
def test_no_moment(text, why):
    assert refused(dates.moment, text) == why


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["03/04/2026", "25/04/2026"], ("dmy", True)),
        (["03/04/2026", "04/25/2026"], ("mdy", True)),
        (["03/04/2026"], ("dmy", False)),
        (["03/04/2026 3:00 PM"], ("mdy", False)),
        (["03.04.2026"], ("dmy", True)),
        (["2026-04-03"], ("dmy", False)),
    ],
)
def test_the_order_of_day_and_month_is_decided_by_all_values(values, order):
    assert dates.day_order(values) == order


@pytest.mark.parametrize(("text", "answer"), [("Yes", True), ("ja", True), ("x", True), ("0", False), ("Nein", False)])
def test_boolean(text, answer):
    assert boolean(text) is answer


@pytest.mark.parametrize("text", ["", " ", "-", "n/a", "NULL", "None", "Select", "#N/A", "NA", "Unknown"])
def test_blank(text):
    assert is_blank(text)


def test_na_is_namibia_among_countries():
    assert not is_blank("NA", country=True)


@pytest.mark.parametrize(
    ("title", "seniority", "department"),
    [
        ("VP Operations", "vp", "operations"), ("CTO", "c_level", "it"), ("Vertriebsleiter", "head", "sales"),
        ("Head of Production", "head", "production"), ("Buyer", "staff", "purchasing"),
        ("Sales Manager Trainee", "trainee", "sales"), ("Assistant to the CEO", "staff", "management"),
        ("Directeur général", "c_level", "management"), ("Chief Marketing Officer", "c_level", "marketing"),
        ("Senior Software Engineer", "senior", "it"), ("Vice-President, Sales", "vp", "sales"),
        ("Leiter Einkauf", "head", "purchasing"), ("Plant Manager", "manager", "production"),
        ("Jefe de ventas", "head", "sales"), ("Geschäftsführerin", "c_level", "management"), ("—", "", ""),
        ("7", "", ""),
    ],
)  # fmt: skip
def test_title(title, seniority, department):
    assert read_title(title) == (seniority, department)
