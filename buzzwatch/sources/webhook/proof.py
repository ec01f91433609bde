"""How a sender of webhooks proves who it is: checked on the bytes as they came, before anything in them is read.

- Standard Webhooks 1.0 (standardwebhooks.com, spec/standard-webhooks.md): HMAC-SHA256 of `id.timestamp.body`, in base64
  after `v1,`; several signatures are parted by spaces; the secret is base64 after `whsec_`.
- Meta (developers.facebook.com/docs/graph-api/webhooks/getting-started): `X-Hub-Signature-256: sha256=` and the
  HMAC-SHA256 of the body in hexadecimal, under the app's secret.
- What tools send that can do no better: a bearer token, a header of its own, basic authentication, or a secret that is
  the last part of the address.

Every proof takes several secrets, so that one can be replaced while the other is still in use. No answer tells what was
wrong with a proof.
"""

import binascii
import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from buzzwatch.model.instant import MINUTE, SECOND, Instant, Span
from buzzwatch.sources.door import is_same

TOLERANCE: Span = 5 * MINUTE
"""How far the sender's clock, and a request on its way, may be off."""
_PREFIX = "whsec_"
_SHORTEST_KEY, _LONGEST_KEY = 16, 256
"""Bytes of a signing key. The specification asks for 24 to 64; tools differ."""
_MOST_SIGNATURES = 20
_LONGEST_ID = 300


class Shown(NamedTuple):
    """What a request shows besides its body: its headers, and what follows our path in its address."""

    headers: Mapping[str, str]
    rest: str


class Proof(Protocol):
    """One way to prove who sends."""

    def is_plausible(self, shown: Shown, now: Instant) -> bool:
        """Whether it is worth reading the body."""

    def holds(self, shown: Shown, body: bytes) -> bool:
        """Whether the sender of these bytes knows a secret of ours."""

    def message(self, shown: Shown) -> str:
        """By what a repeat of the same message is recognised; "" where nothing tells it."""


class Standard:
    """Standard Webhooks."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """Raises `ValueError` for a secret that is none, without repeating it."""
        self._keys = tuple(_key(secret) for secret in secrets)

    def is_plausible(self, shown: Shown, now: Instant) -> bool:
        """See `Proof`. Late, and early, ones are turned away here."""
        told = shown.headers.get("webhook-timestamp", "")
        if not (told.isascii() and told.isdecimal() and len(told) <= 12):  # noqa: PLR2004 - seconds since 1970
            return False
        named = 0 < len(shown.headers.get("webhook-id", "")) <= _LONGEST_ID
        return named and abs(int(told) * SECOND - now) <= TOLERANCE and "webhook-signature" in shown.headers

    def holds(self, shown: Shown, body: bytes) -> bool:
        """See `Proof`."""
        head = f"{shown.headers['webhook-id']}.{shown.headers['webhook-timestamp']}."
        signed = head.encode(errors="surrogateescape") + body
        right = [b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in self._keys]
        given = shown.headers["webhook-signature"].split(" ")[:_MOST_SIGNATURES]
        versions = (signature.partition(",") for signature in given)
        found = [is_same(value, each) for version, _, value in versions if version == "v1" for each in right]
        return any(found)

    def message(self, shown: Shown) -> str:
        """See `Proof`. A tool that tries again sends the same id with a new time."""
        return shown.headers["webhook-id"]


class Meta:
    """Facebook and Instagram."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = tuple(secret.encode() for secret in secrets)

    def is_plausible(self, shown: Shown, now: Instant) -> bool:  # noqa: ARG002 - it sends no time
        """See `Proof`."""
        return shown.headers.get("x-hub-signature-256", "").startswith("sha256=")

    def holds(self, shown: Shown, body: bytes) -> bool:
        """See `Proof`."""
        given = shown.headers["x-hub-signature-256"].removeprefix("sha256=")
        right = [hmac.digest(secret, body, hashlib.sha256).hex() for secret in self._secrets]
        return any([is_same(given, each) for each in right])  # noqa: C419 - all are compared, whichever fits

    def message(self, shown: Shown) -> str:  # noqa: ARG002 - nothing names it
        """See `Proof`."""
        return ""


class Plain:
    """A secret that is sent along: it proves nothing of the body, and whoever reads it once can use it."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = tuple(secrets)

    def given(self, shown: Shown) -> str:
        """What stands where the secret belongs; "" for nothing."""
        raise NotImplementedError

    def is_plausible(self, shown: Shown, now: Instant) -> bool:  # noqa: ARG002 - nothing tells the time
        """See `Proof`. All that there is to check is there before the body."""
        given = self.given(shown)
        return any([is_same(given, each) for each in self._secrets])  # noqa: C419 - as in `Meta`

    def holds(self, shown: Shown, body: bytes) -> bool:  # noqa: ARG002 - it is not signed
        """See `Proof`."""
        return self.is_plausible(shown, 0)

    def message(self, shown: Shown) -> str:  # noqa: ARG002 - nothing names it
        """See `Proof`."""
        return ""


class Bearer(Plain):
    """`Authorization: Bearer …`."""

    def given(self, shown: Shown) -> str:
        """See `Plain`."""
        scheme, _, token = shown.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""


class Header(Plain):
    """A header that bears nothing else."""

    def __init__(self, secrets: Sequence[str], name: str) -> None:
        super().__init__(secrets)
        self._name = name

    def given(self, shown: Shown) -> str:
        """See `Plain`."""
        return shown.headers.get(self._name, "")


class Basic(Plain):
    """`Authorization: Basic …`; the secrets are passwords."""

    def __init__(self, secrets: Sequence[str], user: str) -> None:
        super().__init__([f"{user}:{secret}" for secret in secrets])

    def given(self, shown: Shown) -> str:
        """See `Plain`."""
        scheme, _, packed = shown.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return ""
        try:
            return b64decode(packed.strip(), validate=True).decode(errors="surrogateescape")
        except (binascii.Error, ValueError):
            return ""


class Address(Plain):
    """The secret is the last part of the address, after our path."""

    def given(self, shown: Shown) -> str:
        """See `Plain`."""
        return shown.rest


def _key(secret: str) -> bytes:
    try:
        key = b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not _SHORTEST_KEY <= len(key) <= _LONGEST_KEY:
        raise ValueError(
            f"it is no secret of Standard Webhooks: give whsec_ and the base64 of {_SHORTEST_KEY} bytes or more"
        )
    return key
