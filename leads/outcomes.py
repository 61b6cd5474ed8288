"""What came of an attempt to bring something out."""

from dataclasses import dataclass


class Failed(Exception):
    """It did not arrive.

    `permanent`: another attempt would be no better. `wait`: seconds until the next one, where the receiver or the
    handler says so. `status`: of HTTP, where it came to an answer.
    """

    def __init__(self, reason: str, *, permanent: bool = False, wait: float | None = None, status: int | None = None):
        super().__init__(reason)
        self.permanent, self.wait, self.status = permanent, wait, status


@dataclass(frozen=True)
class Arrived:
    """It did; what the other side answered."""

    status: int | None = None
    text: str = ""
