"""Numbers as people write them: "1.200", "1,200", "€ 1 200", "$50M", "51-200", "10,001+"."""

import re
from collections.abc import Iterable
from decimal import Decimal

POINT, COMMA = ".", ","
UNITS = {
    "k": 10**3,
    "tsd": 10**3,
    "m": 10**6,
    "mio": 10**6,
    "mn": 10**6,
    "mm": 10**6,
    "b": 10**9,
    "bn": 10**9,
    "mrd": 10**9,
}
NUMBER = re.compile(
    r"(?P<sign>[-+−(]?)\s*(?P<digits>\d[\d.,'’\s]*|[.,]\d+)\s*(?P<unit>k|tsd|mio|mrd|mn|mm|bn|m|b)?\.?\s*\)?",
    re.IGNORECASE,
)
RANGE = re.compile(r"(?<=[\dkmbKMB])\s*(?:-|–|—|\bto\b|\bbis\b|\bà\b)\s*(?=[\d$€£])")
CURRENCY = re.compile(r"[$€£¥₹%]|\b(?:eur|usd|gbp|chf|inr|jpy|us\$|fr\.?)\b\.?", re.IGNORECASE)
LARGEST = Decimal(10) ** 15


def number(text: str, decimal: str = POINT) -> Decimal:
    """The number. Of a range the lower end: at least so many there are. Raises ValueError when it is none."""
    plain = RANGE.split(text.replace("\u00a0", " ").replace("\u202f", " ").strip())[0]
    plain = CURRENCY.sub("", plain).strip().removesuffix("+").lstrip(">≥~").strip()
    found = NUMBER.fullmatch(plain)
    if not found:
        raise ValueError("Not a number. Write digits, such as 1200.")
    value = Decimal(_digits(found["digits"], decimal)) * UNITS.get((found["unit"] or "").lower(), 1)
    if value >= LARGEST:
        raise ValueError("The number is too large.")
    return -value if found["sign"] in ("-", "−", "(") else value


def decimal_sign(values: Iterable[str]) -> str:
    """Which sign marks the decimals in a column, by all its values: "." unless they show otherwise.

    "1.200" beside "85" is 1,200; beside "1.5" it is 1.2. Groups of three are thousands when no value speaks against it.
    """
    votes = {POINT: 0, COMMA: 0}
    for value in values:
        digits = re.sub(r"[^\d.,]", "", RANGE.split(value)[0])
        for sign, other in ((POINT, COMMA), (COMMA, POINT)):
            if digits.count(sign) == 1 and not re.fullmatch(rf"[1-9]\d{{0,2}}{re.escape(sign)}\d{{3}}", digits):
                if digits.rfind(sign) > digits.rfind(other):
                    votes[sign] += 1
            elif digits.count(sign) >= 1 and other not in digits:
                votes[other] += 1
    return COMMA if votes[COMMA] > votes[POINT] else POINT


def _digits(text: str, decimal: str) -> str:
    """Digits with a point; groups between thousands signs must have two or three digits (1,20,000 is Indian)."""
    thousands = re.escape(COMMA if decimal == POINT else POINT)
    compact = re.sub(r"['’\s]", "", text)
    if not re.fullmatch(
        rf"(\d+|\d{{1,3}}({thousands}\d{{2,3}})*{thousands}\d{{3}})?({re.escape(decimal)}\d*)?", compact
    ):
        raise ValueError("Not a number. Write digits, such as 1200.")
    return re.sub(thousands, "", compact).replace(decimal, ".")
