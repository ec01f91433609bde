"""Every parser of bytes from outside holds, whatever the bytes: what it raises is what it says, and it is soon done."""

import random
import time

import parsers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

LONGEST_S = 2.0
"""Of processor time for one input of a few kilobytes, on a busy machine with cold caches."""
YAML = {"a brand", "oncall", "campaigns", "configuration", "mappings", "calendars of shifts"}
"""Slow to read; the guided fuzzers look at them for longer."""
_SPECIAL = [
    b"[" * 3_000,
    b'{"a":' * 3_000,
    b"\xff\xfe",
    b"\0",
    b"9" * 400,
    b"1e999",
    b"\\ud800",
    b"<" * 300,
    b"&#x110000;",
]


@st.composite
def mutations(draw, seeds):
    """A seed, cut and patched."""
    raw = bytearray(draw(st.sampled_from(seeds)) if seeds else b"")
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(raw)))
        match draw(st.integers(0, 4)):
            case 0:
                raw[place:] = b""
            case 1:
                raw[place : place + draw(st.integers(0, 20))] = draw(st.binary(max_size=8))
            case 2:
                raw[place:place] = draw(st.sampled_from(_SPECIAL))
            case 3:
                raw[place:place] = raw[: draw(st.integers(0, 200))]
            case _:
                raw[place:place] = draw(st.text(max_size=5)).encode("utf-8", "surrogatepass")
    return bytes(raw)


@pytest.mark.parametrize("name", parsers.PARSERS)
def test_a_parser_raises_what_it_says_alone_and_is_soon_done(name):
    seeds = parsers.PARSERS[name].seeds

    @settings(max_examples=5 if name in YAML else 20, derandomize=True, database=None, deadline=None)
    @given(mutations(seeds) | st.binary(max_size=60))
    def hold(raw):
        began = time.process_time()
        parsers.look(name, raw)
        assert time.process_time() - began < LONGEST_S

    for seed in [*seeds, *_SPECIAL]:
        parsers.look(name, seed)
    hold()


@pytest.mark.parametrize("name", parsers.PARSERS)
def test_an_example_is_understood(name):
    """The fuzzers begin from what gets past the first look."""
    parser = parsers.PARSERS[name]
    for seed in parser.seeds[:1]:
        parser.call(seed)


def test_bytes_that_cost_the_most_cost_a_time_that_grows_with_their_number_alone():
    chance = random.Random(1)
    for name in ("mentions", "html", "words", "addresses", "proofs", "what people type"):
        for piece in (b"<", b"&", b"[", b'"', b"a ", b"#a", b"%", b"\\u", "\u0301".encode(), chance.randbytes(3)):
            began = time.process_time()
            parsers.look(name, piece * (20_000 // len(piece)))
            assert time.process_time() - began < LONGEST_S, (name, piece)
