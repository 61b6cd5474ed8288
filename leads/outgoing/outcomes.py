"""What came of an attempt to bring something out."""

from dataclasses import dataclass


class Failed(Exception):
    """It did not arrive.

    `permanent`: another attempt would be no better. `wait`: seconds until the next one, where the handler has a plan of
    its own. `pause`: seconds for which the other side wants to hear nothing at all. `status`: of HTTP, where it came to
    an answer.
    """

    def __init__(self, reason: str, *, permanent: bool = False, wait: float | None = None,
                 pause: float | None = None, status: int | None = None):  # fmt: skip
        super().__init__(reason)
        self.permanent, self.wait, self.pause, self.status = permanent, wait, pause, status

    @property
    def of_the_lane(self) -> bool:
        """Whether the next effect would fare no better just now: nobody answered, or too busy, or broken."""
        return not self.permanent and (self.status is None or self.status in (408, 429) or self.status >= 500)


@dataclass(frozen=True)
class Arrived:
    """It did; what the other side answered."""

    status: int | None = None
    text: str = ""
