"""The page of one incident, as HTML."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from buzzwatch.model.incident import SHOWN, Incident, State
from buzzwatch.model.instant import HOUR, MINUTE, Instant, moment_of
from buzzwatch.model.proposal import Proposal
from buzzwatch.model.signal import UNANSWERED, Detector
from buzzwatch.notify import chart, ear_words
from buzzwatch.notify.figures import ENGLISH, FRENCH, Figures
from buzzwatch.web.desk import PageView, QueueView
from buzzwatch.web.words import choose_language, words

_HEADLINES = {Detector.NEGATIVITY: "angry", Detector.VOLUME: "many", Detector.THREAD: "thread", Detector.SLOW: "slow"}
FIGURES = {"en": ENGLISH, "fr": FRENCH}

NAME_LIMIT = 60
"""Characters of a name, where anybody may give theirs."""
WHY_LIMIT = 200
"""Characters of a reason."""
_PROPOSED_WAIT = 30 * MINUTE
_HALF_A_DAY = 12 * HOUR
_SNOOZES = ("15m", "30m", "1h")


def key_of(proposal: Proposal) -> str:
    """By which the page tells marks that wait apart: another mark of the same post has another."""
    return f"{proposal.brand} {proposal.mark} {proposal.mention}"


class Pages:
    """Templates, loaded once.

    `accepted` is a browser's Accept-Language header; `up` leads from a page to the place under which all are served, as
    "../", so that they hang together behind a proxy that serves them under a path of its own.
    """

    def __init__(self) -> None:
        self._templates = Environment(
            loader=PackageLoader("buzzwatch.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(
            iso=_iso,
            key_of=key_of,
            width=chart.WIDTH,
            height=chart.HEIGHT,
            name_limit=NAME_LIMIT,
            why_limit=WHY_LIMIT,
            shown=SHOWN,
            snoozes=_SNOOZES,
        )

    def incident(self, view: PageView, code: str, accepted: str, who_is: str = "") -> str:
        """The page behind the link with this code; `who_is` has told their name already."""
        frame = _Frame(view, code, accepted, who_is)
        phrases, figures, zone = frame.phrases, frame.figures, frame.zone
        return self._templates.get_template("incident.html").render(
            frame.common,
            up="../",
            incident=view.incident,
            reason=view.incident.reason,
            headline=headline_of(view.incident, phrases, figures, frame.at(view.incident.began_at)),
            beside=_beside(view, phrases, figures, frame.at),
            chart=chart.draw(view.points),
            number=figures.number,
            share=figures.share,
            span=figures.span,
            taken=view.incident.state is State.TAKEN,
            mine=view.incident.state is State.TAKEN and view.incident.taken_by == who_is,
            unsettled=view.incident.wait_until is not None
            or view.incident.snooze_until is not None
            or view.incident.reminded,
            told=[frame.target(name) for name in view.incident.told],
            closed=view.incident.state is State.RESOLVED,
            proposed=f"{moment_of(view.now + _PROPOSED_WAIT).astimezone(zone):%H:%M}",
            waiting={
                each.proposal.mention: each.proposal
                for each in view.pending
                if each.proposal.brand == view.incident.subject.brand
            },
        )

    def marks(self, view: PageView, code: str, accepted: str, who_is: str = "") -> str:
        """The page of what was marked at night."""
        frame = _Frame(view, code, accepted, who_is)
        return self._templates.get_template("marks.html").render(frame.common, up="../../")

    def refusal(self, why: str, lines: tuple[str, ...], accepted: str, default: str, up: str, back: str) -> str:
        """Why nothing was done: a phrase of `web.words`, else the `lines`; `back` is where to go then, if anywhere."""
        phrases = words(language := choose_language(accepted, default))
        said = phrases.get(f"no {why}")
        return self._templates.get_template("refusal.html").render(
            language=language, w=phrases, lines=(said,) if said else lines, up=up, back=back
        )

    def queue(self, view: QueueView, code: str, accepted: str) -> str:
        """The page of the complaints that wait."""
        language = choose_language(accepted, view.language)
        figures, zone = FIGURES[language], ZoneInfo(view.timezone)
        return self._templates.get_template("queue.html").render(
            view=view,
            code=code,
            up="../../",
            language=language,
            w=words(language),
            at=lambda instant: figures.clock(instant, zone, view.now),
            number=figures.number,
            span=figures.span,
            ail=ear_words.WORDS[language].reasons.__getitem__,
        )

    def missing(self, accepted: str, up: str) -> str:
        """What a link that leads nowhere shows."""
        language = choose_language(accepted, "en")
        return self._templates.get_template("missing.html").render(language=language, w=words(language), up=up)


class _Frame:
    """What the pages of one link have in common, for one reader."""

    def __init__(self, view: PageView, code: str, accepted: str, who_is: str) -> None:
        self.view = view
        self.language = choose_language(accepted, view.language)
        self.phrases, self.figures = words(self.language), FIGURES[self.language]
        self.zone = ZoneInfo(view.timezone)
        self.common: dict[str, Any] = {
            "view": view,
            "code": code,
            "language": self.language,
            "w": self.phrases,
            "who_is": who_is,
            "at": self.at,
            "ahead": self.ahead,
            "name_of": self.name_of,
            "day": self._day(),
            "ail": ear_words.WORDS[self.language].reasons.__getitem__,
        }

    def at(self, instant: Instant) -> str:
        """A time of the brand's place."""
        return self.figures.clock(instant, self.zone, self.view.now)

    def ahead(self, instant: Instant) -> str:
        """A time to come, without its date if that is understood: at 23:40, 00:15 is soon."""
        return self.figures.clock(
            instant, self.zone, instant if instant - self.view.now < _HALF_A_DAY else self.view.now
        )

    def name_of(self, person: str) -> str:
        """A person's name, where they are known."""
        return self.view.people.get(person, person)

    def target(self, told: str) -> str:
        """A person with the means, such as Inès (sms), or a channel."""
        name, _, by = told.partition("/")
        return f"{self.name_of(name)} ({by})" if by else told

    def _day(self) -> str:
        """When what is marked now counts."""
        until = self.view.night_until
        if until is None:
            return self.phrases["pending now"]
        ends, today = (moment_of(instant).astimezone(self.zone).date() for instant in (until, self.view.now))
        return self.phrases["pending today" if ends == today else "pending tomorrow"]


def headline_of(incident: Incident, phrases: dict[str, str], figures: Figures, began: str) -> str:
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
    waiting = next((each.observed for each in reason.clauses if each.name == UNANSWERED and each.passed), None)
    if signal is None and isinstance(waiting, float):
        return phrases["wait for us" if waiting == 1 else "all wait for us"].format(n=figures.number(waiting))
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
