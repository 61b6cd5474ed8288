"""Yes and no, in the languages of our users."""

YES = {
    "yes",
    "y",
    "true",
    "t",
    "1",
    "1.0",
    "on",
    "x",
    "✓",
    "✔",
    "ja",
    "j",
    "wahr",
    "oui",
    "o",
    "vrai",
    "si",
    "sí",
    "s",
    "verdadero",
    "sim",
    "vero",
}
NO = {"no", "n", "false", "f", "0", "0.0", "off", "nein", "falsch", "non", "faux", "falso", "não", "nao"}


def boolean(text: str) -> bool:
    """Whether it says yes. Raises ValueError when it says neither."""
    plain = text.strip().lower()
    if plain in YES:
        return True
    if plain in NO:
        return False
    raise ValueError("Neither yes nor no. Write yes or no.")
