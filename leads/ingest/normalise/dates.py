"""Dates as people and programs write them. The order of day and month is decided for a column, by all its values."""

import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

DAY_FIRST, MONTH_FIRST = "dmy", "mdy"
EARLIEST, LATEST = 1900, 2200
TIME = (
    r"(?:[T,\s]+(?P<h>\d{1,2})[:.h](?P<min>\d{2})(?:[:.](?P<s>\d{2})(?:[.,](?P<f>\d{1,9}))?)?"
    r"\s*(?P<half>[ap]\.?m\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
)
YEAR_FIRST = re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})" + TIME, re.IGNORECASE)
COMPACT = re.compile(r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})" + TIME, re.IGNORECASE)
YEAR_LAST = re.compile(r"(?P<a>\d{1,2})(?P<sign>[-/.])(?P<b>\d{1,2})[-/.](?P<y>\d{4}|\d{2})" + TIME, re.IGNORECASE)
DAY_NAME = re.compile(r"^[^\W\d_]{2,10}[,.]?\s+(?=\d)")
WORDS = re.compile(
    r"(?:(?P<d>\d{1,2})(?:st|nd|rd|th|\.|º)?[\s-]+(?:de\s+)?(?P<name>[^\W\d_]{3,10})\.?"
    r"|(?P<name2>[^\W\d_]{3,10})\.?\s+(?P<d2>\d{1,2})(?:st|nd|rd|th)?)"
    r"[,\s-]+(?:de\s+)?(?P<y>\d{4}|\d{2})" + TIME,
    re.IGNORECASE,
)
FARTHEST_ZONE = 14 * 60
SECONDS = re.compile(r"1\d{9}(?:\.\d+)?|1\d{12}")
NAMES = (
    "jan ene gen", "feb fev fév", "mar mär mrz", "apr abr avr", "may mai mag", "jun giu juin", "jul lug juil",
    "aug ago aoû aou", "sep set", "oct okt ott out", "nov", "dec dez dic déc",
)  # fmt: skip
MONTHS = {name: number for number, names in enumerate(NAMES, 1) for name in names.split()}


def moment(text: str, order: str = DAY_FIRST) -> datetime:
    """The moment; midnight when only a day is given, in the installation's zone unless it names one.

    Raises ValueError when it is no date between 1900 and 2200.
    """
    text = text.strip()
    if SECONDS.fullmatch(text):
        number = float(text)
        return datetime.fromtimestamp(number / (1000 if number > 10**11 else 1), UTC)
    try:
        return _built(*_parts(text, order))
    except (TypeError, OverflowError):
        pass
    except ValueError as wrong:
        raise ValueError(f"No such date ({wrong}). Write it as 2026-08-03.") from None
    raise ValueError("Not a date. Write it as 2026-08-03.")


def day(text: str, order: str = DAY_FIRST) -> date:
    return timezone.localdate(moment(text, order))


def day_order(values: Iterable[str]) -> tuple[str, bool]:
    """(order, whether the values show it). Undecided: month first with a.m. and p.m., else day first."""
    shown = {DAY_FIRST: 0, MONTH_FIRST: 0}
    halves = False
    for value in values:
        found = YEAR_LAST.fullmatch(value.strip())
        if found:
            halves = halves or bool(found["half"])
            if found["sign"] == "." or int(found["a"]) > 12:
                shown[DAY_FIRST] += 1
            elif int(found["b"]) > 12:
                shown[MONTH_FIRST] += 1
    if any(shown.values()):
        return max(shown, key=lambda order: shown[order]), True
    return (MONTH_FIRST if halves else DAY_FIRST), False


def needs_order(text: str) -> bool:
    """Whether the day and the month of this date could be taken for each other."""
    return YEAR_LAST.fullmatch(text.strip()) is not None


def _parts(text: str, order: str) -> tuple[int, int, int, re.Match[str]]:
    if found := YEAR_FIRST.fullmatch(text) or COMPACT.fullmatch(text):
        return int(found["y"]), int(found["m"]), int(found["d"]), found
    if found := YEAR_LAST.fullmatch(text):
        one, other = int(found["a"]), int(found["b"])
        month_first = (order == MONTH_FIRST and found["sign"] != "." and one <= 12) or other > 12
        return _year(found["y"]), one if month_first else other, other if month_first else one, found
    if found := WORDS.fullmatch(DAY_NAME.sub("", text)) or WORDS.fullmatch(text):
        name = (found["name"] or found["name2"]).lower()
        month = MONTHS.get(name[:4]) or MONTHS.get(name[:3])
        if month:
            return _year(found["y"]), month, int(found["d"] or found["d2"]), found
    raise TypeError


def _built(year: int, month: int, day_of_month: int, found: re.Match[str]) -> datetime:
    naive = datetime.combine(_day(year, month, day_of_month), _clock(found))
    zone = (found["zone"] or "").upper()
    if zone in ("Z", "UTC", "GMT"):
        return naive.replace(tzinfo=UTC)
    if zone:
        minutes = int(zone[1:3]) * 60 + int(zone[-2:])
        if minutes > FARTHEST_ZONE:
            raise ValueError(f"time zone {zone}")
        return (naive - timedelta(minutes=minutes if zone[0] == "+" else -minutes)).replace(tzinfo=UTC)
    return timezone.make_aware(naive)


def _day(year: int, month: int, day_of_month: int) -> date:
    if not EARLIEST <= year <= LATEST:
        raise ValueError(f"year {year}")
    if not 1 <= month <= 12:
        raise ValueError(f"month {month}")
    if not 1 <= day_of_month <= monthrange(year, month)[1]:
        raise ValueError(f"day {day_of_month} of month {month}")
    return date(year, month, day_of_month)


def _clock(found: re.Match[str]) -> time:
    hour, minute, second = (int(found[name] or 0) for name in ("h", "min", "s"))
    if found["half"]:
        hour = hour % 12 + (12 if found["half"].lower().startswith("p") else 0)
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"time {hour}:{minute:02}")
    return time(hour, minute, second, int((found["f"] or "0").ljust(6, "0")[:6]))


def _year(text: str) -> int:
    year = int(text)
    return year if year > 99 else year + (2000 if year < 70 else 1900)
