"""Short codes that lead to incident pages: nobody can guess one, and the same incident keeps its code."""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

_FILE = "links.key"
_LENGTH = 10
_KEY_BYTES = 32


class Links:
    """Codes are keyed by a secret of this installation, kept beside the database."""

    def __init__(self, directory: Path, base_url: str) -> None:
        self._key = _load_key(directory / _FILE)
        self._base_url = base_url
        self._incidents: dict[str, str] = {}

    def add(self, incident: str) -> str:
        """The code of an incident, which `incident_of` knows from now on."""
        code = base64.b32encode(hmac.new(self._key, incident.encode(), hashlib.blake2s).digest())[:_LENGTH].decode()
        self._incidents[code] = incident
        return code

    def url(self, incident: str) -> str:
        """Where its page is."""
        return f"{self._base_url}/i/{self.add(incident)}"

    def incident_of(self, code: str) -> str | None:
        """The incident behind a code."""
        return self._incidents.get(code)


def _load_key(path: Path) -> bytes:
    key = path.read_bytes() if path.exists() else b""
    if len(key) != _KEY_BYTES:  # none yet, or a power cut left less of it: whoever knows the key knows every code
        key = secrets.token_bytes(_KEY_BYTES)
        scratch = path.with_suffix(".part")
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(key)
            out.flush()
            os.fsync(out.fileno())
        scratch.replace(path)
    return key
