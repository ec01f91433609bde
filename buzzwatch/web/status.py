"""The status page as HTML: one renderer for the page and for the pieces of it that change."""

from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from msgspec import Struct

from buzzwatch.model.instant import MINUTE, Instant, moment_of
from buzzwatch.notify import ear_words
from buzzwatch.web.board import BrandRow, Mood, StatusView
from buzzwatch.web.page import FIGURES, headline_of
from buzzwatch.web.sparkline import draw, negative_share
from buzzwatch.web.status_lead import Voice, lead_of
from buzzwatch.web.status_words import status_words
from buzzwatch.web.words import choose_language

MOST_CARDS = 24
"""Brands with a picture; the others are a list that is folded."""
_FEW, _SOME = 4, 12
"""So many cards may be large; so many of middle size."""
_MOST_INCIDENTS = 20
_MOST_SILENCES = 20


class Reader(Struct, frozen=True):
    """All who see the same page: one language, and with or without links to incidents."""

    language: str
    personal: bool


class Shown(Struct, frozen=True):
    """The page by pieces, each an element whose id is its key.

    `brands` is made of `cards`, which may be put in their places one by one as long as `frame` is the same.
    """

    parts: dict[str, str]
    cards: dict[str, str]
    frame: tuple[object, ...]
    brands: str

    @property
    def whole(self) -> dict[str, str]:
        """Everything."""
        return {**self.parts, "brands": self.brands}

    def since(self, before: "Shown") -> dict[str, str]:
        """What is to be replaced where `before` is shown."""
        changed = {key: html for key, html in self.parts.items() if before.parts.get(key) != html}
        if self.frame != before.frame:
            return {**changed, "brands": self.brands}
        return changed | {key: html for key, html in self.cards.items() if before.cards[key] != html}


class StatusPages:
    """Renders; what it remembers of a brand is used again as long as its numbers are the same."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=PackageLoader("buzzwatch.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(iso=_iso, draw=draw, negative_share=negative_share, Mood=Mood)
        self._rests: dict[str, tuple[object, str]] = {}
        self._cards: dict[tuple[str, str], tuple[BrandRow, str, str]] = {}

    def page(self, view: StatusView, reader: Reader, version: str) -> str:
        """The whole document."""
        shown, voice = self.show(view, reader), voice_of(view, reader.language)
        parts = {key: Markup(html) for key, html in shown.whole.items()}  # noqa: S704 - our own templates made them
        return self._templates.get_template("status.html").render(
            language=reader.language,
            w=voice.phrases,
            title=lead_of(view, voice).sentence,
            now=voice.at(view.now),
            parts=parts,
            version=version,
        )

    def show(self, view: StatusView, reader: Reader) -> Shown:
        """The page by pieces."""
        voice = voice_of(view, reader.language)
        common = {
            "view": view,
            "w": voice.phrases,
            "say": voice.say,
            "at": voice.at,
            "number": voice.figures.number,
            "share": voice.figures.share,
            "span": voice.figures.span,
            "personal": reader.personal,
        }
        parts = {
            "lead": self._render("status_lead.html", common, lead=lead_of(view, voice)),
            "clock": self._render("status_clock.html", common, second=_second(view)),
            "incidents": self._render(
                "status_incidents.html",
                common,
                rows=view.incidents[:_MOST_INCIDENTS],
                headline=lambda row: headline_of(
                    row.incident, voice.phrases, voice.figures, voice.at(row.incident.began_at)
                ),
            ),
            "sources": self._render(
                "status_sources.html", common, reasons=ear_words.WORDS[reader.language].reasons, never="never"
            ),
            "works": self._render("status_works.html", common, silences=view.silences[:_MOST_SILENCES]),
        }
        carded, rest = view.brands[:MOST_CARDS], view.brands[MOST_CARDS:]
        cards = {f"b-{row.key}": self._card(row, view, voice, reader.language) for row in carded}
        size = "few" if len(carded) <= _FEW else "some" if len(carded) <= _SOME else "many"
        parts["rest"] = self._rest(rest, view, voice, reader.language)
        brands = self._render(
            "status_brands.html",
            common,
            cards=[Markup(card) for card in cards.values()],  # noqa: S704 - our own templates made them
            size=size,
        )
        return Shown(parts, cards, (size, tuple(cards)), brands)

    def _rest(self, rows: tuple[BrandRow, ...], view: StatusView, voice: Voice, language: str) -> str:
        """The brands without a picture, new once a minute: hundreds of numbers that change at their leisure."""
        stamp = (view.now // MINUTE, [(row.key, row.name, row.mood) for row in rows])
        known = self._rests.get(language)
        if known is None or known[0] != stamp:
            html = self._templates.get_template("status_rest.html").render(
                rows=rows,
                w=voice.phrases,
                say=voice.say,
                number=voice.figures.number,
                usual=lambda row: usual_of(row, voice),
            )
            known = self._rests[language] = (stamp, html)
        return known[1]

    def _card(self, row: BrandRow, view: StatusView, voice: Voice, language: str) -> str:
        key, zone = (row.key, language), view.timezone
        known = self._cards.get(key)
        if known is None or known[0] != row or known[1] != zone:
            html = self._templates.get_template("status_brand.html").render(
                row=row,
                w=voice.phrases,
                say=voice.say,
                number=voice.figures.number,
                share=voice.figures.share,
                span=voice.figures.span,
                usual=usual_of(row, voice),
                range_of=lambda low, high: _range(low, high, voice, "range"),
                hour_of=lambda instant: _hour(instant, ZoneInfo(zone)),
            )
            known = self._cards[key] = (row, zone, html)
        return known[2]

    def _render(self, template: str, common: dict[str, object], **more: object) -> str:
        return self._templates.get_template(template).render(common, **more)

    def forget(self, view: StatusView) -> None:
        """Let go of brands that are gone."""
        kept = {row.key for row in view.brands}
        for key in [key for key in self._cards if key[0] not in kept]:
            del self._cards[key]


def reader_of(accepted: str, view: StatusView, person: str) -> Reader:
    """Whoever asks with such an Accept-Language header, by a link of that person's."""
    return Reader(choose_language(accepted, view.language), bool(person))


def usual_of(row: BrandRow, voice: Voice) -> str:
    """What is usual in an hour such as this one, in words."""
    if row.low is None or row.high is None:
        return voice.phrases["unknown usual"]
    return _range(row.low, row.high, voice, "usual")


def _range(low: float, high: float, voice: Voice, key: str) -> str:
    ends = [voice.figures.number(round(end)) for end in (low, high)]
    if ends[0] != ends[1]:
        return voice.say(key, low=ends[0], high=ends[1])
    return voice.say("usual one", low=ends[0]) if key == "usual" else ends[0]


def voice_of(view: StatusView, language: str) -> Voice:
    """How a reader of a language is spoken to."""
    figures, zone = FIGURES[language], ZoneInfo(view.timezone)
    return Voice(status_words(language), figures, lambda instant: figures.clock(instant, zone, view.now))


def _second(view: StatusView) -> str:
    return f"{moment_of(view.now).astimezone(ZoneInfo(view.timezone)):%H:%M:%S}"


def _hour(instant: Instant, zone: ZoneInfo) -> str:
    return f"{moment_of(instant).astimezone(zone):%H:%M}"


def _iso(instant: Instant) -> str:
    """For the `datetime` attribute."""
    return moment_of(instant).isoformat(timespec="seconds")
