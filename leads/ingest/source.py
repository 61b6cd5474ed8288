"""The name of the source of a file."""

import re
from pathlib import Path


def source_name(file_name: str) -> str:
    """Where a file seems to come from, by its name without dates and numbers: next month's export is the same source.

    "hubspot_contacts-2026-03 (2).csv" → "Hubspot contacts".
    """
    words = re.findall(r"[^\W\d_]{2,}", Path(file_name).stem)
    return " ".join(words).capitalize()[:100] or "File"
