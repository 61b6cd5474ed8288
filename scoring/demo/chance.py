"""Random numbers that are the same for the same seed."""

from random import Random


def dice(*subject: object) -> Random:
    """Random numbers for one subject alone, so that a change to one part of the story leaves the others as they are."""
    return Random(" ".join(map(str, subject)))
