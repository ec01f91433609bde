"""The subject of letters: the same for all of an incident."""

import pytest
from msgspec.structs import replace

from buzzwatch.model.incident import ChangeKind, Severity, State, Subject
from buzzwatch.model.instant import DAY, HOUR
from buzzwatch.notify.render import render


def subject(notice, now):
    return render(notice, (), None, now).subject.replace("\u00a0", " ").replace("\u2060", "")


@pytest.mark.parametrize(
    ("about", "french", "english"),
    [
        (Subject("acme"), "bad-buzz", "bad-buzz"),
        (Subject("acme", "x:9"), "une conversation", "one conversation"),
        (Subject("acme", story="x:9"), "une même histoire", "one story"),
        (Subject("acme", quiet=True), "plus aucun post", "no posts any more"),
        (Subject("acme", topic="theme:screen"), "« screen » revient", "“screen” keeps coming back"),
    ],
)
def test_it_says_of_whom_about_what_and_since_when(change, now, about, french, english):
    notice = change(subject=about)
    assert subject(notice, now) == f"Acme Airlines : {french}, 22/11 23:40 [acme-261122-2230]"
    assert (
        subject(replace(notice, language="en"), now) == f"Acme Airlines: {english}, 2026-11-22 23:40 [acme-261122-2230]"
    )


def test_nothing_that_happens_to_an_incident_changes_it(change, reason, now):
    begun = subject(change(), now)
    for kind in ChangeKind:
        later = change(
            severity=Severity.WARNING,
            state=State.TAKEN,
            taken_by="karim",
            taken_at=now,
            rules=("bad-buzz", "press"),
            reason=replace(reason, rule="press", says="Another", mentions=900),
            notice_kind=kind,
            notice_severity=Severity.WARNING,
            notice_due_at=now + DAY,
        )
        assert subject(later, now + DAY + HOUR) == begun


def test_of_our_own_troubles_it_names_the_trouble(change, reason, now):
    trouble = change(
        subject=Subject(""), notice_brand_name="", rules=("ops",), reason=replace(reason, rule="source-push")
    )
    assert subject(trouble, now) == "buzzwatch : source-push, 22/11 23:40 [acme-261122-2230]"


def test_tests_and_mornings_are_of_no_incident(notice, incident, now):
    assert subject(replace(notice, test=True), now) == ""
    assert subject(replace(notice, night=(incident,)), now) == ""


def test_it_is_one_line_whatever_a_brand_is_called(change, now):
    assert "\n" not in subject(change(notice_brand_name="A\r\nBcc: x@y", rules=("a\nb",)), now)
