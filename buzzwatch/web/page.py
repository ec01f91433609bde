"""The page of one incident, as HTML."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from buzzwatch.model.incident import Incident, State
from buzzwatch.model.instant import MINUTE, Instant, moment_of
from buzzwatch.model.signal import Detector
from buzzwatch.notify.figures import ENGLISH, FRENCH, Figures
from buzzwatch.web import chart
from buzzwatch.web.desk import PageView
from buzzwatch.web.words import choose_language, words

_HEADLINES = {Detector.NEGATIVITY: "angry", Detector.VOLUME: "many", Detector.THREAD: "thread", Detector.SLOW: "slow"}
_FIGURES = {"en": ENGLISH, "fr": FRENCH}

SHOWN = 3
"""Posts on the page: they can be marked."""
NAME_LIMIT = 60
"""Characters of a name, where anybody may give theirs."""
WHY_LIMIT = 200
"""Characters of a reason."""
_PROPOSED_WAIT = 30 * MINUTE


class Pages:
    """Templates, loaded once. `accepted` is a browser's Accept-Language header."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=PackageLoader("buzzwatch.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(
            iso=_iso, width=chart.WIDTH, height=chart.HEIGHT, name_limit=NAME_LIMIT, why_limit=WHY_LIMIT, shown=SHOWN
        )

    def incident(self, view: PageView, code: str, accepted: str, who_is: str = "") -> str:
        """The page behind the link with this code; `who_is` has told their name already."""
        language = choose_language(accepted, view.language)
        phrases, figures = words(language), _FIGURES[language]
        zone = ZoneInfo(view.timezone)

        def at(instant: Instant) -> str:
            return figures.clock(instant, zone, view.now)

        def name_of(person: str) -> str:
            return view.people.get(person, person)

        return self._templates.get_template("incident.html").render(
            view=view,
            incident=view.incident,
            reason=view.incident.reason,
            code=code,
            language=language,
            w=phrases,
            who_is=who_is,
            headline=_headline(view.incident, phrases, figures, at(view.incident.began_at)),
            beside=_beside(view, phrases, figures, at),
            chart=chart.draw(view.points),
            at=at,
            name_of=name_of,
            number=figures.number,
            share=figures.share,
            span=figures.span,
            taken=view.incident.state is State.TAKEN,
            closed=view.incident.state is State.RESOLVED,
            proposed=f"{moment_of(view.now + _PROPOSED_WAIT).astimezone(zone):%H:%M}",
        )

    def missing(self, accepted: str) -> str:
        """What a link that leads nowhere shows."""
        language = choose_language(accepted, "en")
        return self._templates.get_template("missing.html").render(language=language, w=words(language))


def _headline(incident: Incident, phrases: dict[str, str], figures: Figures, began: str) -> str:
    """One sentence with the number and its usual value."""
    signal, reason = incident.reason.signal, incident.reason
    if incident.drill is not None:
        return phrases["drill over" if incident.state is State.RESOLVED else "drill calls"]
    if incident.subject.quiet:
        return phrases["silence"].format(when=began)
    if reason.thread or reason.story:
        share = figures.share(reason.negative_share or 0.0)
        n, authors = figures.number(reason.mentions), figures.number(reason.authors)
        return phrases["story" if reason.story else "thread"].format(n=n, authors=authors, share=share)
    if signal is None:
        mentions = incident.reason.mentions
        return phrases["match" if mentions == 1 else "matches"].format(n=figures.number(mentions))
    return phrases[_HEADLINES[signal.detector]].format(
        n=figures.number(signal.observed),
        usual=figures.number(signal.expected),
        span=figures.span(signal.over),
        topic=incident.subject.topic_name,
    )


def _beside(view: PageView, phrases: dict[str, str], figures: Figures, at: Callable[[Instant], str]) -> list[str]:
    """What puts the number into its place: the press, a campaign, the sources, the sector."""
    press, reason, lines = view.incident.press, view.incident.reason, []
    if press:
        author = next((sample.author for sample in view.samples if sample.mention == press.mention), None)
        lines.append(phrases["press"].format(who=author or press.source, when=at(press.at)))
    if reason.campaign:
        factor = figures.number(reason.campaign.factor)
        lines.append(phrases["campaign"].format(factor=factor, why=reason.campaign.why))
    if len(reason.sources) > 1:
        lines.append(phrases["sources"].format(n=len(reason.sources), names=", ".join(reason.sources)))
    if sector := reason.sector:
        lines.append(phrases["sector"].format(rising=sector.rising, known=sector.known, name=sector.name))
    return lines


def _iso(instant: Instant) -> str:
    """For the `datetime` attribute."""
    return moment_of(instant).isoformat(timespec="seconds")
