import hashlib
import hmac
from base64 import b32encode

from buzzwatch.app.links import Links


def test_an_incident_keeps_its_code_from_start_to_start(tmp_path):
    code = Links(tmp_path, "https://bw.example").add("acme-1")
    again = Links(tmp_path, "https://bw.example")
    assert again.url("acme-1") == f"https://bw.example/i/{code}"
    assert again.incident_of(code) == "acme-1"


def test_two_installations_give_other_codes(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert Links(tmp_path / "a", "").add("acme-1") != Links(tmp_path / "b", "").add("acme-1")


def test_a_key_that_a_power_cut_emptied_is_made_anew(tmp_path):
    (tmp_path / "links.key").write_bytes(b"")
    guessed = b32encode(hmac.new(b"", b"acme-1", hashlib.blake2s).digest())[:10].decode()
    assert Links(tmp_path, "").add("acme-1") != guessed


def test_nobody_else_can_read_the_key(tmp_path):
    Links(tmp_path, "")
    assert (tmp_path / "links.key").stat().st_mode & 0o777 == 0o600
