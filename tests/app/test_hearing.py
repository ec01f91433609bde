import msgspec
from stage import MONDAY, mention, rules

from buzzwatch.app.hearing import Hearing
from buzzwatch.detect.thread import Escalation
from buzzwatch.ingest.sight import Reader
from buzzwatch.threads.tracker import Tracker


def test_a_mention_on_which_reading_fails_is_refused_and_its_neighbours_are_heard(monkeypatch):
    read = Reader.read

    def fail_on_one(self, told, *others):
        if told.id == "x:two":
            raise RuntimeError("a fault in the scorer")
        return read(self, told, *others)

    monkeypatch.setattr(Reader, "read", fail_on_one)
    payload = msgspec.json.encode([mention(MONDAY, name) for name in ("one", "two", "three")])
    heard = Hearing(rules()).hear(payload, MONDAY, Tracker(Escalation()))
    assert [items[0].mention.id for _, items in heard.mentions] == ["x:one", "x:three"]
    [refusal] = heard.refused
    assert (refusal.position, refusal.reason) == (1, "reading it failed, a fault of buzzwatch (RuntimeError)")
    assert b'"id":"x:two"' in refusal.head
