"""The year of the demo: 365 whole days that end with yesterday, so nothing in it lies in the future.

A moment of the story is a float: days since the first midnight, in the installation's time zone. Seed and day decide
the data, the hour at which it is made does not.
"""

from bisect import bisect
from datetime import date, datetime, timedelta
from itertools import accumulate

from django.utils import timezone

DAYS = 365
SEASON = [0.95, 1.0, 1.1, 1.1, 1.05, 1.05, 0.85, 0.65, 1.15, 1.2, 1.1, 0.7]  # January to December
FAIRS = {(4, day) for day in range(20, 25)} | {(11, day) for day in range(17, 22)}  # month, day
WEEKEND = 0.15
GROWTH = 0.8

# Seconds of the day at which people work, read at a random place: most in office hours, some in the evening.
_WEIGHTS = [1, 3, 8, 12, 13, 12, 7, 10, 12, 11, 9, 6, 3, 2, 3, 2]  # of the hours from 6 to 21
CLOCK = [hour * 3600 + i * 3600 // weight for hour, weight in enumerate(_WEIGHTS, 6) for i in range(weight)]


class Year:
    def __init__(self, today: date | None = None) -> None:
        """`today`: the first day that is not in the story."""
        self.today = today or timezone.localdate()
        self.start = self.today - timedelta(days=DAYS)
        zone = timezone.get_default_timezone()
        days = [self.start + timedelta(days=day) for day in range(DAYS)]
        # The offset at noon holds for all hours at which something happens here.
        offsets = [datetime(day.year, day.month, day.day, 12, tzinfo=zone).strftime("%z") for day in days]
        self._zone = zone
        self._text = [(f"{day} ", f"{offset[:3]}:{offset[3:]}") for day, offset in zip(days, offsets, strict=True)]
        self._workday = [self._last_workday(place, day) for place, day in enumerate(days)]
        self.fair = [(day.month, day.day) in FAIRS for day in days]
        self._arrivals = list(accumulate(self._traffic(place, day) for place, day in enumerate(days)))

    def arrival(self, share: float) -> int:
        """The day on which that share (0 to 1) of all leads of the year has come."""
        return min(bisect(self._arrivals, share * self._arrivals[-1]), DAYS - 1)

    def working(self, moment: float, rest: float, clock: float) -> float:
        """A moment near that one at which people work; `rest` and `clock` are random, from 0 to 1."""
        day = int(moment)
        if rest > WEEKEND:
            day = self._workday[day]
        # the fraction of `clock` left over spreads the seconds
        place = clock * len(CLOCK)
        return day + (CLOCK[int(place)] + (place % 1) * 290) / 86400

    def moment(self, moment: float) -> datetime:
        day, rest = divmod(moment, 1)
        seconds = timedelta(seconds=int(rest * 86400))
        midnight = self.start + timedelta(days=int(day))
        return datetime(midnight.year, midnight.month, midnight.day, tzinfo=self._zone) + seconds

    def days(self, moment: datetime) -> float:
        """The inverse of moment()."""
        local = moment.astimezone(self._zone)
        clock = local.hour * 3600 + local.minute * 60 + local.second + local.microsecond / 1e6
        return (local.date() - self.start).days + clock / 86400

    def text(self, moment: float) -> str:
        """The moment as PostgreSQL reads it. Texts of one zone sort by time."""
        day = int(moment)
        seconds = int((moment - day) * 86400)
        date_, offset = self._text[day]
        return f"{date_}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{offset}"

    def _traffic(self, place: int, day: date) -> float:
        weekday = WEEKEND if day.weekday() > 4 else 1.0
        fair = 1.6 if self.fair[place] else 1.0
        return SEASON[day.month - 1] * weekday * fair * (1 + GROWTH * place / DAYS)

    @staticmethod
    def _last_workday(place: int, day: date) -> int:
        return max(0, place - max(0, day.weekday() - 4))
