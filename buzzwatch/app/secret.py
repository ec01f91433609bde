"""The secrets that `buzzwatch.yaml` and `oncall.yaml` name, as `${cred:name}` or `${env:NAME}`.

They stay placeholders until somebody connects or sends; `Secrets.resolve` fills them in then.
"""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from pydantic import AfterValidator, Field

from buzzwatch.rules.units import mistake
from buzzwatch.rules.words import Said, Words, words_of

PLACEHOLDER = re.compile(r"\$\{(cred|env):([A-Za-z0-9_][A-Za-z0-9_.-]{0,199})\}")
_LARGEST_SECRET = 65_536


class SecretError(Exception):
    """A secret cannot be had; the text names the placeholder and the remedy, never a value."""


class WithheldError(SecretError):
    """A secret is taken to be there, and nobody asks for its value."""


class Secrets:
    """Fills in placeholders from systemd's credentials directory and from the environment; keeps nothing."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment

    def resolve(self, text: str) -> str:
        """The text with every placeholder filled in; percent-encoded inside a longer URL, as it is otherwise.

        Raises:
            SecretError: a placeholder names what is not there.
        """
        encoded = "://" in text

        def fill(found: re.Match[str]) -> str:
            secret = self._find(found[1], found[2])
            return quote(secret, safe="") if encoded else secret

        return PLACEHOLDER.sub(fill, text)

    def lacking(self, texts: Iterable[str]) -> list[Words]:
        """One sentence for each placeholder in the texts that cannot be filled in."""
        lacking: dict[str, Words] = {}
        for text in texts:
            for kind, name in PLACEHOLDER.findall(text):
                try:
                    self._find(kind, name)
                except SecretError as error:
                    lacking[str(error)] = words_of(error)
        return list(lacking.values())

    def _find(self, kind: str, name: str) -> str:
        named = {"placeholder": f"${{{kind}:{name}}}", "name": name}
        if kind == "env":
            if name not in self._environment:
                raise SecretError(Said("{placeholder} is not set: set the environment variable {name}", named))
            return self._environment[name]
        directory = self._environment.get("CREDENTIALS_DIRECTORY")
        if directory is None:
            said = "{placeholder} cannot be read: there are no credentials outside systemd; use ${env:…}"
            raise SecretError(Said(said, named))
        try:
            with (Path(directory) / name).open("rb") as file:
                content = file.read(_LARGEST_SECRET + 1)
            if len(content) > _LARGEST_SECRET:
                most = {**named, "most": f"{_LARGEST_SECRET:,}"}
                raise SecretError(Said("{placeholder} cannot be read: it is larger than {most} bytes", most))
            return content.decode().rstrip("\r\n")
        except OSError as error:
            said = "{placeholder} cannot be read ({why}): add LoadCredential={name}:… to the service"
            raise SecretError(Said(said, {**named, "why": error.strerror})) from None
        except UnicodeDecodeError:
            raise SecretError(Said("{placeholder} cannot be read: it is not UTF-8 text", named)) from None


class Withheld(Secrets):
    """Secrets that are taken to be there, for who looks at files where they are not kept."""

    def lacking(self, texts: Iterable[str]) -> list[Words]:  # noqa: ARG002 - whatever they name
        """None are."""
        return []

    def _find(self, kind: str, name: str) -> str:
        raise WithheldError(f"${{{kind}:{name}}} is not looked at")


def named_in(texts: Iterable[str]) -> list[str]:
    """The placeholders that texts hold, each once."""
    return sorted({found[0] for text in texts for found in PLACEHOLDER.finditer(text)})


def _placeholders(text: str) -> str:
    if "${" in PLACEHOLDER.sub("", text):
        raise mistake("a placeholder that nothing fills in", "write ${cred:name} or ${env:NAME}")
    return text


Text = Annotated[str, Field(min_length=1, max_length=4_000), AfterValidator(_placeholders)]
