"""What the daemon logs is documented, and keeps the habits of design: past-tense keys, ids, no words of people."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "buzzwatch"
DOCUMENT = (ROOT / "docs/events.md").read_text("utf-8")
LEVELS = {"info": "info", "warning": "warning", "error": "error", "exception": "error", "critical": "critical"}
PRIVATE = {
    "text",
    "title",
    "handle",
    "author",
    "name",
    "url",
    "body",
    "payload",
    "address",
    "token",
    "password",
    "mail",
}
"""Fields that no event has: what people wrote, who they are, and what is secret."""
IRREGULAR = {
    "heard",
    "lost",
    "sent",
    "given",
    "put",
    "read",
    "spent",
    "taught",
    "let",
    "misread",
    "set",
    "withheld",
    "found",
    "held",
    "forgotten",
}
STATES = {"daemon_ready"}
"""Known by this name to who waits for it."""


class Event:
    """One place that logs: its key, level and fields."""

    def __init__(self, key, level, fields, place):
        self.key, self.level, self.fields, self.place = key, level, fields, place


def calls(tree):
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log" | "_log"), attr=level)) if level in LEVELS:
                yield node


def keys(node):
    match node:
        case ast.Constant(value=str(key)):
            return [key]
        case ast.IfExp():
            return [*keys(node.body), *keys(node.orelse)]
    pytest.fail(f"line {node.lineno}: an event's key must stand in the source")


def events():
    for path in sorted(PACKAGE.rglob("*.py")):
        for call in calls(ast.parse(path.read_text("utf-8"))):
            fields = {keyword.arg for keyword in call.keywords}
            for key in keys(call.args[0]):
                yield Event(key, LEVELS[call.func.attr], fields, f"{path.relative_to(ROOT)}:{call.lineno}")


EVENTS = list(events())
ROWS = {
    key: (level, set(re.findall(r"`(\w+)`", fields)))
    for key, level, fields in re.findall(r"^\| `(\w+)` \| ([\w, ]+) \|([^|]*)\|", DOCUMENT, re.MULTILINE)
}


def test_events_are_found_at_all():
    assert len(EVENTS) > 40
    assert {"daemon_ready", "heartbeat_withheld", "source_heard", "source_lost"} <= {event.key for event in EVENTS}


def test_every_logger_has_a_name_that_is_found_here():
    for path in PACKAGE.rglob("*.py"):
        for name in re.findall(r"^(\w+) = structlog\.get_logger\(\)", path.read_text("utf-8"), re.MULTILINE):
            assert name in {"log", "_log"}, path


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: f"{event.key} {event.place}")
def test_an_event_is_documented_with_its_level_and_its_fields(event):
    assert event.key in ROWS, event.place
    level, fields = ROWS[event.key]
    assert event.level in level.split(", "), event.place
    assert event.fields <= fields, event.place


def test_nothing_is_documented_that_is_not_logged():
    assert set(ROWS) == {event.key for event in EVENTS}
    for key, (level, fields) in ROWS.items():
        mine = [event for event in EVENTS if event.key == key]
        assert fields == set().union(*(event.fields for event in mine)), key
        assert set(level.split(", ")) == {event.level for event in mine}, key


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: f"{event.key} {event.place}")
def test_an_event_is_told_in_the_past_and_names_nobody(event):
    words = event.key.split("_")
    assert event.key in STATES or any(word.endswith("ed") or word in IRREGULAR for word in words)
    assert not event.fields & PRIVATE, event.place
