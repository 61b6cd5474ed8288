"""Mail providers, whose addresses say nothing about where a person works."""

from functools import cache
from pathlib import Path


@cache
def free_mail() -> frozenset[str]:
    """Their domains, as free_mail.txt lists them."""
    lines = Path(__file__).with_name("free_mail.txt").read_text().splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
