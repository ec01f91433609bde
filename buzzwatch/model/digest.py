"""When the digest leaves, and by which route."""

from datetime import datetime, timedelta, tzinfo

from msgspec import Struct

from buzzwatch.model.instant import Instant, instant_of, moment_of


class Daily(Struct, frozen=True):
    """A message at a minute of the local day, on some days of the week (Monday is 0). The skipped hour counts."""

    zone: tzinfo
    minute: int
    weekdays: tuple[int, ...]
    route: str

    def after(self, at: Instant) -> Instant:
        """The first instant after this one at which it is due."""
        day = moment_of(at).astimezone(self.zone).date()
        while True:
            due = instant_of(datetime(day.year, day.month, day.day, *divmod(self.minute, 60), tzinfo=self.zone))
            if due > at and day.weekday() in self.weekdays:
                return due
            day += timedelta(days=1)
