"""X, by its API."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from buzzwatch.app.secret import Text
from buzzwatch.rules.units import Count, Lax, mistake
from buzzwatch.rules.written import Written


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        right = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        right = right and parts.username is None and not parts.query and "$" not in url  # nothing fills it in here
    except ValueError:
        right = False
    if not right:
        raise mistake("this is not the address of the API of X", "leave `url` out; it is https://api.x.com")
    return url


class X(Written):
    """The filtered stream of X: posts of the watched names, as they are made."""

    token: Text = Field(
        repr=False,
        description="The Bearer Token of the app, from the developer console, best as a placeholder.",
        examples=["${cred:x}"],
    )
    posts_a_day: Count = Field(
        description="How many posts may be read in a day of UTC. Each one delivered costs money; when so many have "
        "come, the source is silent until midnight, and says so.",
        examples=[5000],
    )
    posts_a_month: Count | None = Field(
        default=None,
        description="How many may be read in a calendar month. Left out: only the days are bounded.",
        examples=[100_000],
    )
    rules: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=1000, description="How many rules the plan allows. Left out: 1000.", examples=[1000]
    )
    rule_length: Annotated[int, Field(ge=256, le=10_000)] = Field(
        default=1024, description="How many characters a rule may have. Left out: 1024.", examples=[1024, 2048]
    )
    query_length: Annotated[int, Field(ge=256, le=10_000)] = Field(
        default=512, description="How many characters a search may have. Left out: 512.", examples=[512, 4096]
    )
    catch_up: bool = Field(
        default=True,
        description="Whether what was missed is searched for after a break, for at most half of what is left of the "
        "day. Left out: true.",
        examples=[False],
    )
    backfill_minutes: Annotated[int, Field(ge=1, le=5)] | None = Field(
        default=None,
        description="How many minutes of what was missed the stream itself is asked for. Enterprise plans alone.",
        examples=[5],
    )
    url: Annotated[Text, AfterValidator(_address)] = Field(
        default="https://api.x.com",
        description="Where the API is. Left out: https://api.x.com.",
        examples=["https://api.x.com"],
    )
    allow: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=300)], ...], Lax, Field(max_length=20)] = (
        Field(
            default=(),
            description="Hosts that `url` may lead to although they are not public, such as a proxy of your own.",
            examples=[["x-proxy.acme.example"]],
        )
    )

    @model_validator(mode="after")
    def _weigh(self) -> "X":
        if self.posts_a_month is not None and self.posts_a_month < self.posts_a_day:
            remedy = "write at least as many a month, or fewer a day"
            raise mistake("fewer posts a month than a day", remedy, at=("posts_a_month",))
        return self

    @property
    def texts(self) -> tuple[str | None, ...]:
        """What may hold placeholders."""
        return (self.token,)

    @property
    def unwise(self) -> str | None:
        """What works and is unwise."""
        clear = self.url.startswith("http://")
        return "the token crosses the network in the clear; use https://" if clear else None
