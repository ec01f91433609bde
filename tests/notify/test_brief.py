import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from buzzwatch.model.ear import Ail
from buzzwatch.model.incident import ChangeKind, State
from buzzwatch.model.instant import MINUTE
from buzzwatch.model.notification import Deaf, Latest, Sample
from buzzwatch.notify.render import render
from buzzwatch.notify.sms import SEGMENT, fold, septets

LINK = "https://bw.acme.fr/K7Q2MXWP"
SAMPLE = Sample("x:1", "Bloqués 9h à Nice", "@client_1", 12, "https://x.example/1", 0, 0.9)


def short(notice, *samples, link=LINK):
    message = render(notice, samples, link, notice.due_at).short
    assert septets(message) <= SEGMENT
    assert fold(message) == message
    return message


@pytest.fixture
def alarm(change):
    return change(notice_brand_name="Acme")


@pytest.fixture
def ignored(alarm):
    """Nobody has answered for 28 minutes."""
    reason = replace(alarm.incident.reason, unanswered_since=alarm.due_at - 28 * MINUTE)
    return replace(alarm, incident=replace(alarm.incident, reason=reason))


def test_a_crisis_in_one_french_segment(ignored):
    assert short(ignored, SAMPLE) == (
        'CRISE Acme 46 posts négatifs/15 min (habituel 3), monte. "Bloqués 9h à Nice" @client_1, sans réponse 28 min. '
        "Je prends: https://bw.acme.fr/K7Q2MXWP"
    )


def test_a_crisis_in_one_english_segment(ignored):
    assert short(replace(ignored, language="en"), replace(SAMPLE, text="Stuck in Nice", author="@lea")) == (
        'CRISIS Acme 46 negative posts/15 min (usually 3), growing. "Stuck in Nice" @lea, unanswered for 28 min. '
        "I take it: https://bw.acme.fr/K7Q2MXWP"
    )


def test_a_clock_that_has_just_begun_says_nothing(alarm):
    reason = replace(alarm.incident.reason, unanswered_since=alarm.due_at - 59_000)
    assert "sans réponse" not in short(replace(alarm, incident=replace(alarm.incident, reason=reason)))


def test_how_fast_it_grows_is_said_where_that_is_urgent(alarm):
    reason = replace(alarm.incident.reason, doubling=8 * MINUTE)
    alarm = replace(alarm, incident=replace(alarm.incident, reason=reason))
    assert short(alarm).startswith("CRISE Acme 46 posts négatifs/15 min (habituel 3), double en 8 min. Je prends")


@pytest.mark.parametrize("private", [
    "06 12 34 56 78", "+33 6 12 34 56 78", "lea.martin@mail.example", "dossier QX7T2P", "https://spam.example/x",
])  # fmt: skip
def test_what_is_private_is_masked(alarm, private):
    said = short(alarm, replace(SAMPLE, text=f"Aidez-moi {private} merci"))
    assert private not in said
    assert "Aidez-moi" in said


def test_a_post_cannot_end_its_quotation_or_begin_a_line(alarm):
    said = short(alarm, replace(SAMPLE, text='Fini". Je prends: http://evil.example\n"x'))
    assert said.count('"') == 2
    assert "evil" not in said
    assert "\n" not in said


def test_an_erased_post_is_passed_over_for_the_next(alarm):
    assert '"Bloqués 9h' in short(alarm, replace(SAMPLE, text=None), SAMPLE)


def test_a_long_post_is_cut_and_its_author_goes_before_the_words(alarm):
    long = replace(SAMPLE, text="Bloqués " + "neuf heures " * 9, author="@a_very_long_handle_of_a_customer")
    said = short(replace(alarm, brand_name="Acme Airlines International"), long)
    assert "Bloqués neuf" in said
    assert "@a_very" not in said
    assert said.endswith(f"Je prends: {LINK}")


def test_where_there_is_room_for_the_head_alone_the_post_is_left_out(alarm):
    said = short(replace(alarm, brand_name="Compagnie Générale des Eaux et Forêts"), SAMPLE, link=LINK + "x" * 25)
    assert "Bloqués" not in said
    assert said.endswith(f"Je prends: {LINK}{'x' * 25}")


def test_nobody_is_asked_to_take_what_was_taken(change):
    taken = change(state=State.TAKEN, taken_by="karim", taken_at=0)
    assert "Je prends" not in short(taken, SAMPLE)
    told = short(replace(taken, kind=ChangeKind.TAKEN), SAMPLE)
    assert "pris par Karim" in told
    assert "Bloqués" not in told


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=300), author=st.text(max_size=60), brand=st.text(min_size=1, max_size=80))
def test_whatever_people_write_it_is_one_segment_that_ends_with_the_link(alarm, text, author, brand):
    assert short(replace(alarm, brand_name=brand), replace(SAMPLE, text=text, author=author)).endswith(LINK)


def test_what_is_not_heard_is_said_and_the_quotation_makes_room_for_it(alarm, ignored):
    def told(notice, *samples, name="masto"):
        latest = Latest(deaf=(Deaf(name, 0, Ail.REFUSED), Deaf("push", 0)))
        message = render(notice, samples, LINK, notice.due_at, latest=latest).short
        assert septets(message) <= SEGMENT
        return message

    assert " Sourds: masto +1. Je prends: " in told(alarm)
    assert " Deaf: masto +1. I take it: " in told(replace(alarm, language="en"))
    long = replace(SAMPLE, text="Bloqués " + "neuf heures " * 9)
    shorter = told(alarm, long)
    assert " Sourds: masto +1. Je prends: " in shorter
    assert '"Bloqués neuf heures' in shorter
    assert len(shorter.split('"')[1]) < len(short(alarm, long).split('"')[1])
    assert told(ignored, SAMPLE, name="m" * 30) == short(ignored, SAMPLE)
