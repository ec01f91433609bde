"""A backtest as a page: one file that needs nothing from outside, for a browser, a phone or a printer."""

from functools import cache, partial

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from msgspec import Struct

from buzzwatch.app.backtest.backtest import Backtest
from buzzwatch.app.backtest.chart import Legend, bars_of, draw
from buzzwatch.app.backtest.sheet import Sheet, Speaker


class Chart(Struct, frozen=True):
    """A picture as SVG, and the sentences that say the same."""

    svg: str
    says: str


def page(told: Backtest, sheet: Sheet) -> str:
    """The whole page, in the language of the sheet."""
    charts = {brand.key: chart_of(told, brand.key, sheet.language) for brand in sheet.brands}
    return _template().render(sheet=sheet, charts={key: chart for key, chart in charts.items() if chart is not None})


def chart_of(told: Backtest, brand: str, language: str) -> Chart | None:
    """The posts of a brand, with the rings of both rule sets; None where nothing was heard of it."""
    sides = [each for each in (told.these, told.others) if each is not None]
    curve = next((each.curves[brand] for each in sides if brand in each.curves), None)
    if curve is None or told.facts.until <= told.facts.since:
        return None
    speaker, bars = Speaker(told, language), bars_of(curve, told.facts.since, told.facts.until)
    lanes = [[ring for ring in side.rings if ring.brand == brand] for side in sides]
    says = speaker.chart(brand, bars, lanes)
    legend = Legend(speaker.w.legend_posts, speaker.w.legend_angry, speaker.lanes(), says)
    instants = [[ring.at for ring in rings] for rings in lanes]
    return Chart(draw(bars, instants, legend, partial(speaker.tick, brand, whole=bars.until - bars.since)), says)


@cache
def _template() -> Template:
    loader = PackageLoader("buzzwatch.notify")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("backtest.html")
