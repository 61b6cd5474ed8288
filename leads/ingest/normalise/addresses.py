"""E-mail addresses and web domains."""

import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from leads.freemail import disposable_mail, free_mail

DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")
RESERVED = {"example.com", "example.net", "example.org"}
LONGEST_EMAIL = 254
LONGEST_DOMAIN = 253


@lru_cache(maxsize=8192)
def email(text: str) -> str:
    """The address in small letters. Raises ValueError with what is wrong.

    Takes what real exports hold: "Ana Ruiz <a.ruiz@x.example>", mailto: links, reserved domains. Nothing is looked up.
    """
    text = text.strip().removeprefix("mailto:").strip(" \t<>\"';,")
    if "<" in text:
        text = text.rpartition("<")[2].rstrip("> ")
    if len(text) > LONGEST_EMAIL:
        raise ValueError(f"Longer than {LONGEST_EMAIL} characters. Give one e-mail address.")
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as wrong:
        raise ValueError(_what_is_wrong(text, wrong)) from None
    return (found.ascii_email or found.normalized).lower()


def domain(text: str) -> str:
    """The domain of a website, address or domain, without www; "" when there is none."""
    text = text.strip().lower().rpartition("@")[2]
    text = re.sub(r"^[a-z][a-z0-9+.-]*:", "", text).lstrip("/")
    host = re.split(r"[/?#:\s]", text, maxsplit=1)[0].strip(".").removeprefix("www.")
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            return ""
    return host if len(host) <= LONGEST_DOMAIN and DOMAIN.fullmatch(host) and not _is_number(host) else ""


def company_domain(address: str) -> str:
    """The domain of the employer behind an e-mail address or website; "" for free mail, example domains and unknown."""
    found = domain(address)
    return "" if found in free_mail() or found in disposable_mail() or found in RESERVED else found


def _is_number(host: str) -> bool:
    return host.replace(".", "").isdigit()


def _what_is_wrong(text: str, wrong: EmailNotValidError) -> str:
    if "@" not in text:
        return "No @ sign. Write an address such as ana@northwind.example."
    if text.count("@") > 1:
        return "More than one @ sign. Give one e-mail address."
    if "." not in text.rpartition("@")[2]:
        return "No domain ending. Write an address such as ana@northwind.example."
    return f"{wrong} Correct the address."
