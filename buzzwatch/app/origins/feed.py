"""Feeds that are asked every so often."""

from typing import Annotated
from urllib.parse import urlencode, urlsplit

from pydantic import AfterValidator, Field, model_validator

from buzzwatch.app.secret import PLACEHOLDER, Text
from buzzwatch.model.instant import DAY, MINUTE, Span
from buzzwatch.rules.units import Lax, LongSpan, mistake, shown
from buzzwatch.rules.written import Written

_SEARCH = "https://news.google.com/rss/search"
_CHANNEL = "https://www.youtube.com/feeds/videos.xml"
_WITH_COUNTRY = frozenset({"en", "pt", "es", "zh"})
"""Languages that Google News tells apart by country."""


def _address(url: str) -> str:
    try:
        parts = urlsplit(PLACEHOLDER.sub("x", url))
        right = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        right = False
    if not right and not PLACEHOLDER.fullmatch(url):
        raise mistake("{value} is not the address of a feed", "write it from https:// on", value=shown(url))
    if parts.username is not None or parts.password is not None:
        raise mistake(
            "user and password stand in the address", 'write the whole address as a placeholder, as "${cred:feed}"'
        )
    return url


def _often(every: Span) -> Span:
    if every > DAY:
        raise mistake("feeds that are asked more rarely than once a day tell too late", "write 1d or less")
    return every


class GoogleNews(Written):
    """What Google News finds."""

    query: Annotated[str, Field(min_length=1, max_length=300)] = Field(
        description="What to search for, as one would type it there; articles of the last day unless it says `when:`.",
        examples=["acme airlines"],
    )
    language: Annotated[str, Field(pattern="^[a-z]{2}$")] = Field(
        default="fr", description="The language of the articles. Left out: fr.", examples=["fr"]
    )
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = Field(
        default="FR", description="The country whose edition is searched. Left out: FR.", examples=["FR"]
    )

    @property
    def address(self) -> str:
        """Where the answer is to be had."""
        query = self.query if "when:" in self.query else f"{self.query} when:1d"
        language = f"{self.language}-{self.country}" if self.language in _WITH_COUNTRY else self.language
        edition = {"hl": language, "gl": self.country, "ceid": f"{self.country}:{self.language}"}
        return f"{_SEARCH}?{urlencode({'q': query, **edition})}"


class Feed(Written):
    """RSS, Atom, RDF and JSON feeds; searches in Google News; YouTube channels."""

    urls: Annotated[
        tuple[Annotated[Text, Field(max_length=4000), AfterValidator(_address)], ...], Lax, Field(max_length=500)
    ] = Field(default=(), description="Addresses of feeds.", examples=[["https://paper.example/rss"]])
    google_news: Annotated[tuple[GoogleNews, ...], Lax, Field(max_length=100)] = Field(
        default=(),
        description="What to search for in Google News.",
        examples=[[{"query": "acme airlines", "language": "fr", "country": "FR"}]],
    )
    youtube: Annotated[
        tuple[Annotated[str, Field(pattern="^UC[A-Za-z0-9_-]{22}$")], ...], Lax, Field(max_length=500)
    ] = Field(
        default=(),
        description="YouTube channels, by the id that begins with UC.",
        examples=[["UCxxxxxxxxxxxxxxxxxxxxxx"]],
    )
    every: Annotated[LongSpan, AfterValidator(_often)] = Field(
        default=15 * MINUTE,
        description="How often each is asked, at most every minute. Left out: 15m.",
        examples=["15m"],
    )
    allow: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=300)], ...], Lax, Field(max_length=100)] = (
        Field(
            default=(),
            description="Hosts that may be reached though they are not public: names that lead into your own network.",
            examples=[["intranet.example"]],
        )
    )
    brand: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        default=None,
        description="The brand that all of these feeds are about, whether an entry names it or not.",
        examples=["acme"],
    )

    @model_validator(mode="after")
    def _ask_something(self) -> "Feed":
        if not (self.urls or self.google_news or self.youtube):
            raise mistake("there is no feed to ask", "write `urls`, `google_news` or `youtube`")
        return self

    @property
    def addresses(self) -> list[tuple[str, str]]:
        """Each address, with placeholders, and what to call it without secrets."""
        named = [(url, _label(url)) for url in self.urls]
        named += [(search.address, f"Google News “{search.query}”") for search in self.google_news]
        named += [(f"{_CHANNEL}?channel_id={channel}", f"YouTube {channel}") for channel in self.youtube]
        return named

    @property
    def texts(self) -> tuple[str | None, ...]:
        """What may hold placeholders."""
        return self.urls

    @property
    def unwise(self) -> str | None:
        """What works and is unwise."""
        return None


def _label(url: str) -> str:
    """As it is written, without the parameters, where keys stand; a placeholder stays one."""
    return url.partition("?")[0].partition("#")[0]
