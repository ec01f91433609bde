"""A port of ours that mentions are posted to."""

from typing import Annotated

from pydantic import Field, model_validator

from buzzwatch.app.origins.places import Listen, is_loopback
from buzzwatch.app.secret import Text
from buzzwatch.rules.units import Lax, mistake, shown
from buzzwatch.rules.written import Listed, Written


class Http(Written):
    """`POST /mentions` on a port of ours."""

    listen: Listen = Field(
        default="127.0.0.1:8787",
        description="Where senders reach us, as host:port. Left out: 127.0.0.1:8787.",
        examples=["127.0.0.1:8787"],
    )
    token: Annotated[tuple[Text, ...], Lax, Listed(), Field(min_length=1, max_length=5)] = Field(
        default=(),
        repr=False,
        description="What senders must show; a list while one replaces another. It may be left out only where no "
        "other machine can connect.",
        examples=["${cred:intake}"],
    )

    @model_validator(mode="after")
    def _guard(self) -> "Http":
        if not self.token and not is_loopback(self.listen):
            raise mistake(
                "{value} can be reached from other machines without a token",
                "add `token`, or listen on 127.0.0.1",
                value=shown(self.listen),
            )
        return self

    @property
    def texts(self) -> tuple[str | None, ...]:
        """What may hold placeholders."""
        return self.token

    @property
    def unwise(self) -> str | None:
        """What works and is unwise."""
        return None if self.token else "every user of this machine can send mentions; add `token`"
