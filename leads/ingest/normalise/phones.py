"""Phone numbers → +<country><number>, with the extension: "+16727992170 ext. 5610"."""

import re
from functools import lru_cache

import phonenumbers

LONGEST = 40
FEWEST_DIGITS = 5
BEFORE = re.compile(r"^(tel|mob|mobile|phone|fon|handy|t|m|p)\b[.:]*\s*", re.IGNORECASE)
EXTENSION = re.compile(r"(ext(ension)?|dw|durchwahl|poste|anexo|x)\b\.?|x(?=\d)", re.IGNORECASE)


@lru_cache(maxsize=8192)
def phone(text: str, country: str = "") -> str:
    """The number in the international form, read as one of `country` when it has no country code.

    A number whose country cannot be told is kept as it is written, for a person can still dial it. Raises ValueError
    when there is no number in it.
    """
    tidy = BEFORE.sub("", " ".join(text.split()))
    digits = sum(character.isdigit() for character in tidy)
    if digits < FEWEST_DIGITS or len(tidy) > LONGEST or re.search(r"[^\W\d_]{2}", EXTENSION.sub("", tidy)):
        raise ValueError("Not a phone number. Write it as +49 89 1234567.")
    international = re.sub(r"^(00|011)(?=[\s(.-]?[1-9])", "+", tidy)
    try:
        number = phonenumbers.parse(international, country or None)
    except phonenumbers.NumberParseException:
        return tidy
    stated = international.startswith("+")
    if not (phonenumbers.is_possible_number(number) if stated else phonenumbers.is_valid_number(number)):
        return tidy
    plain = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{plain} ext. {number.extension}" if number.extension else plain
