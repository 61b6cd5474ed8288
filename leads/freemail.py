"""What an address says by itself: mail providers, addresses to throw away, and those of an office, not of a person."""

from functools import cache
from pathlib import Path

# The part before the @ of addresses that several people read.
ROLES = frozenset(
    """
    abuse accounting accounts admin administration anfrage billing booking buchhaltung careers compras
    contact contacto contact-us einkauf enquiries finance hello help helpdesk hola hostmaster hr info
    information inquiries invoices it jobs kontakt kundenservice legal mail marketing newsletter no-reply
    noreply office orders personal post postmaster presse press privacy procurement purchasing
    rechnung reception recruiting sales secretary sekretariat service shop soporte support team ventas
    vertrieb verwaltung webmaster welcome
    """.split()
)


@cache
def free_mail() -> frozenset[str]:
    """Domains whose addresses say nothing about where a person works, as free_mail.txt lists them."""
    return _listed("free_mail.txt")


@cache
def disposable_mail() -> frozenset[str]:
    """Domains of addresses that are thrown away after use, as disposable_mail.txt lists them."""
    return _listed("disposable_mail.txt")


def _listed(name: str) -> frozenset[str]:
    lines = Path(__file__).with_name(name).read_text().splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
