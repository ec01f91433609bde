"""The figures of a backtest: each rule under both rule sets, beside its budget and what people said of its alarms."""

from collections.abc import Iterable
from statistics import median

from msgspec import Struct

from buzzwatch.app.backtest.backtest import Backtest
from buzzwatch.app.backtest.rings import Fate, Ring
from buzzwatch.app.backtest.trial import Told
from buzzwatch.model.brand import Brand, Rule
from buzzwatch.model.incident import Incident
from buzzwatch.model.instant import DAY, Span

MONTH = 30
"""Days, as budgets count them."""
LEAST_DAYS = 7
"""Of less nobody says how often it would be in a month."""


class RuleFigures(Struct, frozen=True):
    """One rule under both sets. `a_month` None: the time is too short. Times are medians, in milliseconds."""

    brand: str
    rule: str
    rings: int
    a_month: float | None
    budget: float | None
    joined: int
    others: int | None
    added: int
    gone: int
    moved: int
    night: int
    nothing: int
    after_onset: Span | None
    before_peak: Span | None


def figures_of(told: Backtest, brand: str) -> list[RuleFigures]:
    """The rules of a brand, those of both sets, in the order of the files."""
    sides = [each for each in (told.these, told.others) if each is not None]
    names = [rule.name for side in sides for rule in _rules(side.rules.brands.get(brand))]
    names += [pair.told.rule for pair in told.pairs if pair.told.brand == brand]
    return [_figures(told, brand, name) for name in dict.fromkeys(names)]


def is_nothing(told: Backtest, ring: Ring) -> bool:
    """Whether people found the trouble to be nothing, by what they said of the incident that there was."""
    return any(_is_it(ring, incident) for incident in told.nothing.get(ring.brand, ()))


def budget_of(side: Told, brand: str, name: str | None = None) -> float:
    """False alarms a month that a brand's rules may ring, or one of them; 0 where there is none."""
    rules = _rules(side.rules.brands.get(brand))
    return sum(rule.rate * MONTH for rule in rules if name in {None, rule.name})


def a_month(told: Backtest, rings: int) -> float | None:
    """So many rings in a month; None where the time is too short to say."""
    days = (told.facts.until - told.facts.since) / DAY
    return rings * MONTH / days if days >= LEAST_DAYS else None


def _rules(brand: Brand | None) -> list[Rule]:
    return [] if brand is None else [rule for rule in (*brand.rules, *brand.shadows, brand.slow) if rule is not None]


def _is_it(ring: Ring, incident: Incident) -> bool:
    same = ring.rule in incident.rules
    return same and incident.began_at <= max(ring.until, ring.at) and ring.began_at <= incident.true_at


def _figures(told: Backtest, brand: str, name: str) -> RuleFigures:
    pairs = [pair for pair in told.pairs if (pair.told.brand, pair.told.rule) == (brand, name)]
    mine = [pair.ring for pair in pairs if pair.ring is not None]
    fates = [pair.fate for pair in pairs]
    known = any(rule.name == name for rule in _rules(told.these.rules.brands.get(brand)))
    return RuleFigures(
        brand=brand,
        rule=name,
        rings=len(mine),
        a_month=a_month(told, len(mine)),
        budget=budget_of(told.these, brand, name) if known else None,
        joined=told.these.joined.get((brand, name), 0),
        others=None if told.others is None else sum(pair.other is not None for pair in pairs),
        added=fates.count(Fate.ADDED),
        gone=fates.count(Fate.GONE),
        moved=fates.count(Fate.MOVED),
        night=sum(bool(ring.woken) for ring in mine),
        nothing=sum(is_nothing(told, ring) for ring in mine),
        after_onset=_median(ring.at - ring.began_at for ring in mine),
        before_peak=_median(ring.peak_at - ring.at for ring in mine if ring.peak_at is not None),
    )


def _median(spans: Iterable[Span]) -> Span | None:
    known = list(spans)
    return round(median(known)) if known else None
