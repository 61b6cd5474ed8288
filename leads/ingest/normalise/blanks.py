"""What people write into a cell to say nothing: data/blanks.txt."""

from functools import cache
from pathlib import Path

# "NA" says nothing, except in a column of countries, where it is Namibia.
NOT_AVAILABLE = "na"


def is_blank(text: str, *, country: bool = False) -> bool:
    """Whether a cell says nothing. How often that was so for which word is shown with the column."""
    plain = text.strip().lower()
    return not plain or plain in _blanks() or (plain == NOT_AVAILABLE and not country)


@cache
def _blanks() -> frozenset[str]:
    lines = Path(__file__).with_name("data").joinpath("blanks.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("##"))
