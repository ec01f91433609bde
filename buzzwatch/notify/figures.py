"""How a language writes numbers, shares, lengths of time and local times."""

from datetime import tzinfo

from msgspec import Struct

from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Instant, Span, moment_of

_SHOWS_DECIMAL_BELOW = 10


class Figures(Struct, frozen=True):
    """The marks of one language; `date` is a strftime pattern without names of months."""

    thousands: str
    point: str
    percent: str
    space: str
    day: str
    minutes_after_hours: str
    date: str
    full_date: str

    def number(self, value: float) -> str:
        """A quantity: `1 234`, with one decimal below ten where it says something."""
        shows_decimal = abs(value) < _SHOWS_DECIMAL_BELOW and round(value, 1) != round(value)
        written = f"{value:,.1f}" if shows_decimal else f"{value:,.0f}"
        return written.translate({ord(","): self.thousands, ord("."): self.point})

    def share(self, fraction: float) -> str:
        """A fraction in per cent: `40 %`."""
        return f"{self.number(round(100 * fraction))}{self.percent}"

    def span(self, length: Span) -> str:
        """A length of time in its two largest units, cut: `45 s`, `15 min`, `2 h 12`, `3 j 4 h`."""
        if length < MINUTE:
            return f"{max(0, length) // SECOND}{self.space}s"
        if length < HOUR:
            return f"{length // MINUTE}{self.space}min"
        if length < DAY:
            hours, minutes = f"{length // HOUR}{self.space}h", length % HOUR // MINUTE
            return f"{hours}{self.space}{minutes:02}{self.minutes_after_hours}" if minutes else hours
        days, hours_left = f"{length // DAY}{self.space}{self.day}", length % DAY // HOUR
        return f"{days}{self.space}{hours_left}{self.space}h" if hours_left else days

    def stamp(self, instant: Instant, zone: tzinfo) -> str:
        """A local time with its date, whenever it is read."""
        return f"{moment_of(instant).astimezone(zone):{self.date} %H:%M}"

    def day_of(self, instant: Instant, zone: tzinfo) -> str:
        """A local date with its year."""
        return f"{moment_of(instant).astimezone(zone):{self.full_date}}"

    def clock(self, instant: Instant, zone: tzinfo, now: Instant) -> str:
        """A local time, with its date unless that is today's."""
        local, today = moment_of(instant).astimezone(zone), moment_of(now).astimezone(zone)
        return f"{local:%H:%M}" if local.date() == today.date() else f"{local:{self.date} %H:%M}"


FRENCH = Figures("\u202f", ",", "\u202f%", "\u00a0", "j", "", "%d/%m", "%d/%m/%Y")
ENGLISH = Figures(",", ".", "%", "\u00a0", "d", "\u00a0min", "%Y-%m-%d", "%Y-%m-%d")
