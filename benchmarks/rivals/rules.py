"""What others document of their alert rules, in our words: each says how far it is over its line, at every tick.

`step` takes the count of a tick and gives an unbounded score, higher is worse; where a rule compares with a factor, the
score is the ratio that the factor is set against. All are generous: every rule looks at every tick at trailing windows,
where its maker looks once an hour or at whole hours, fixed floors that would silence a small brand are left out, and
how many alarms are too many is settled for all alike afterwards. What would be divided by nothing is divided by `_FEW`.
"""

from math import exp, sqrt

from rivals import DAY, HOUR, TICK, WEEK

_FEW = 0.5


class Trailing:
    """The last values of a series, their sum and the sum of their squares."""

    def __init__(self, width: int) -> None:
        self._kept, self._at = [0.0] * width, 0
        self.seen = 0
        self.total = self.squares = 0.0

    def add(self, value: float) -> float:
        """Take the next value; the one that leaves."""
        left, self._kept[self._at] = self._kept[self._at], value
        self._at = (self._at + 1) % len(self._kept)
        self.seen = min(self.seen + 1, len(self._kept))
        self.total += value - left
        self.squares += value * value - left * left
        return left

    def ago(self, ticks: int) -> float:
        """The value of so many ticks ago; 0 the last."""
        return self._kept[(self._at - 1 - ticks) % len(self._kept)]

    def __deepcopy__(self, memo: object) -> "Trailing":
        twin = Trailing(0)
        twin._kept, twin._at, twin.seen = self._kept[:], self._at, self.seen
        twin.total, twin.squares = self.total, self.squares
        return twin

    @property
    def mean(self) -> float:
        """Of the values seen."""
        return self.total / max(1, self.seen)

    @property
    def deviation(self) -> float:
        """Standard deviation, never so little that a flat series makes it nothing."""
        return max(_FEW, sqrt(max(0.0, self.squares / max(1, self.seen) - self.mean**2)))


class Spike:
    """ElastAlert, `type: spike`: the current window at least `spike_height` times the reference window before it.

    Both one hour long. (ElastAlert 2, ruletypes, "Spike"; elastalert2.readthedocs.io)
    """

    def __init__(self) -> None:
        self._current, self._reference = Trailing(HOUR), Trailing(HOUR)

    def step(self, count: float) -> float:
        """The hour over the hour before."""
        self._reference.add(self._current.add(count))
        return self._current.total / max(_FEW, self._reference.total)


class Peak:
    """Huginn's PeakDetectorAgent: a value over the mean of two weeks by three standard deviations, once it falls again.

    The value is the last hour's count; the two newest stand outside mean and deviation. Its two days between peaks are
    left out. (huginn/huginn, app/models/agents/peak_detector_agent.rb)
    """

    def __init__(self) -> None:
        self._hour, self._past = Trailing(HOUR), Trailing(2 * WEEK)
        self._newest = self._second = 0.0

    def step(self, count: float) -> float:
        """The second newest over the past, if the newest is less."""
        self._past.add(self._second)
        self._hour.add(count)
        self._second, self._newest = self._newest, self._hour.total
        return (self._second - self._past.mean) / self._past.deviation if self._newest < self._second else 0.0


class Variation:
    """Socialmetrix, variation alert: the mean of 24 hours over that of 7 days plus 1.5, 2 or 3 standard deviations.

    Of counts an hour. (socialmetrix.freshdesk.com, "Variation alerts")
    """

    def __init__(self) -> None:
        self._hour, self._day, self._week = Trailing(HOUR), Trailing(DAY), Trailing(WEEK)

    def step(self, count: float) -> float:
        """The day over the week."""
        self._hour.add(count)
        self._day.add(self._hour.total)
        self._week.add(self._hour.total)
        return (self._day.mean - self._week.mean) / self._week.deviation


class Checked:
    """Meltwater, spike detection: the last hour against the past 12, checked against the day and the week before.

    How much is much is not told; here in standard deviations by chance alone, the least of the three comparisons.
    (community.meltwater.com, "Understanding alert types")
    """

    def __init__(self) -> None:
        self._hour, self._half_day, self._hours = Trailing(HOUR), Trailing(12 * HOUR), Trailing(WEEK + 1)

    def step(self, count: float) -> float:
        """The hour over the largest of what it is compared with."""
        self._half_day.add(self._hour.add(count))
        self._hours.add(self._hour.total)
        usual = max(self._half_day.total / 12, self._hours.ago(DAY), self._hours.ago(WEEK))
        return (self._hour.total - usual) / sqrt(usual + 1)


class Double:
    """MutualMind, keyword alert: ten minutes over twice the mean of the ten minutes of six hours.

    (support.mutualmind.com, "How do I setup and customize notifications")
    """

    def __init__(self) -> None:
        self._recent, self._before = Trailing(10 // TICK), Trailing(6 * HOUR)

    def step(self, count: float) -> float:
        """Ten minutes over the mean ten minutes."""
        self._recent.add(count)
        self._before.add(count)
        return self._recent.total / max(_FEW, self._before.mean * 10 / TICK)


class Escalating:
    """Sentry, escalating issues: more in an hour than a ceiling made from the hours of the week before.

    The ceiling is the larger of two: the busiest hour times 2 to 5, less where hours differ much; and the mean, in
    which the same day of the week counts twice, plus the mean times 5 to 8, more where they do. Its least ceiling of
    200 is left out, and it is made anew every hour instead of every week.
    (docs.sentry.io, "Escalating issues algorithm"; getsentry/sentry, issues/escalating_issues_alg.py)
    """

    def __init__(self) -> None:
        self._hour, self._week = Trailing(HOUR), Trailing(168)
        self._passed = 0
        self._ceiling = 1.0

    def step(self, count: float) -> float:
        """The hour over the ceiling; 0 before there is a week."""
        self._hour.add(count)
        score = self._hour.total / self._ceiling if self._week.seen == 168 else 0.0
        self._passed += 1
        if self._passed % HOUR == 0:
            self._week.add(self._hour.total)
            self._ceiling = max(_FEW, self._make_ceiling())
        return score

    def _make_ceiling(self) -> float:
        week = self._week
        hours = [week.ago(ago) for ago in range(week.seen)]
        scatter = week.deviation / max(_FEW, week.mean)
        same = [week.ago(ago) for ago in range(144, week.seen)]  # this day a week ago
        weighted = (week.total + sum(same)) / (week.seen + len(same))
        bursts = max(hours) * min(5.0, max(2.0, 5 * exp(-0.65 * scatter)))
        return max(bursts, weighted + min(8.0, max(5.0, 1 + 5 * scatter)) * week.mean)


class Points:
    """Sightlabs: the share of negative mentions five points over the usual one.

    The last hour's against the week's. Told of the product; no page of its documentation was found: windows are ours.
    """

    def __init__(self) -> None:
        self._hour, self._of_hour = Trailing(HOUR), Trailing(HOUR)
        self._week, self._of_week = Trailing(WEEK), Trailing(WEEK)

    def step(self, negative: float, mentions: float) -> float:
        """Hundredths by which the hour's share exceeds the week's."""
        for trailing, value in (
            (self._hour, negative), (self._of_hour, mentions), (self._week, negative), (self._of_week, mentions),
        ):  # fmt: skip
            trailing.add(value)
        if not self._of_hour.total:
            return 0.0
        return 100 * (self._hour.total / self._of_hour.total - self._week.total / max(1.0, self._of_week.total))


class Onset:
    """Lets a score through where it is the highest of a day: a plateau rings once."""

    def __init__(self) -> None:
        self._record = self._passed = 0.0

    def of(self, score: float) -> float:
        """The score, or 0."""
        self._passed += 1
        if score > self._record or self._passed > DAY:
            self._record, self._passed = score, 0
            return score
        return 0.0


class Ewma:
    """The last hour's count in exponentially weighted standard deviations over the mean, half-life a day, at onset."""

    _KEEP = 0.5 ** (1 / DAY)

    def __init__(self) -> None:
        self._hour, self._onset = Trailing(HOUR), Onset()
        self._mean = self._variance = 0.0

    def step(self, count: float) -> float:
        """Deviations over the mean, 0 unless the highest of a day."""
        self._hour.add(count)
        distance = self._hour.total - self._mean
        score = distance / sqrt(self._variance + _FEW**2)
        self._mean += (1 - self._KEEP) * distance
        self._variance = self._KEEP * (self._variance + (1 - self._KEEP) * distance * distance)
        return self._onset.of(score)


BY_NAME: dict[str, type] = {
    "ElastAlert spike": Spike,
    "Huginn peak": Peak,
    "Socialmetrix variation": Variation,
    "Meltwater spike": Checked,
    "MutualMind double": Double,
    "Sentry escalating": Escalating,
    "EWMA z-score at onset": Ewma,
}
"""Those that need nothing but counts."""
