"""What somebody finds who asks about a slow signal: in the record, by `explain`, and on its page."""

from corpus import Lived

from buzzwatch.app.explain.incident import explain
from buzzwatch.model.incident import Incident, Severity, State
from buzzwatch.store.database import open_for_reading
from buzzwatch.store.journal import read_incident
from buzzwatch.web.desk import PageView
from buzzwatch.web.page import Pages


def slow(lived: Lived) -> Incident:
    changes = [change for _, outcome in lived.outcomes for change in outcome.changes]
    return next(change.incident for change in changes if change.incident.subject.topic)


def test_it_is_a_row_of_the_record_that_explain_tells_and_that_was_sent_to_nobody(lived: Lived):
    found, database = slow(lived), open_for_reading(lived.folder)
    kept = read_incident(database, found.id)
    assert kept is not None
    incident, history = kept
    assert (incident.state, incident.severity, incident.route) == (State.RESOLVED, Severity.WATCH, "oncall")
    assert [change.kind.value for change in history] == ["opened", "over"]
    lines = "\n".join(explain(database, found.id) or ())
    database.close()
    assert "watch, resolved, acme, about theme:boycott" in lines
    assert "voices: 15 in 3\u00a0d, usual " in lines
    assert "✓ days with posts: 3, at least 3 needed" in lines
    assert "nobody yet" in lines
    assert "watch: kept on the list, nobody is told" in lines
    assert not [notice for notice in lived.sent if notice.incident.id == found.id]


def test_its_page_says_what_comes_back(lived: Lived):
    incident = slow(lived)
    view = PageView(incident.opened_at, incident, "Acme Airlines", "fr", "Europe/Paris", {})
    assert "« boycott » revient : 15 voix en 3\u00a0j, d&#39;habitude" in Pages().incident(view, "code", "fr")
    assert "“boycott” keeps coming back: 15 voices in 3\u00a0d, usually" in Pages().incident(view, "code", "en")
    bars = lived.spine.memory.diaries["acme"].history("theme:boycott")
    assert [voices for _, voices, _ in bars if voices] == [5.0] * 5
    assert min(usual for _, _, usual in bars) > 0
