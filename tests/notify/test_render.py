from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from buzzwatch.model.campaign import Campaign
from buzzwatch.model.cause import Cause
from buzzwatch.model.incident import ChangeKind, Severity, State, Subject
from buzzwatch.model.instant import HOUR, MINUTE, SECOND, instant_of
from buzzwatch.model.notification import Sample
from buzzwatch.model.signal import Clause, Comparator, Trend
from buzzwatch.model.thread import Forecast, Milestone, Phase
from buzzwatch.notify.render import LONGEST_TITLE, render
from buzzwatch.notify.sms import SEGMENT, fold, septets

NOW = instant_of(datetime(2026, 11, 22, 22, 40, tzinfo=UTC))
LINK = "https://bw.example/i/Ab3dE9fGh1"
_INVISIBLE = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2060": None})


def plain(text):
    """With ordinary spaces, so that expected texts can be read."""
    return text.translate(_INVISIBLE)


OPENED_IN_FRENCH = """\
Bien plus de posts en colère que d'habitude
46 posts en colère en 15 min, d’habitude 3.
Part de posts en colère : 78 %, d’habitude 12 %.
59 posts en tout, 38 auteurs, jusqu’à 1 234 567 abonnés touchés.
Depuis 23:28 (12 min), cela monte encore.

Est-ce grave ?
Important : critique · Urgent : non

Ce qui se dit
« Bloqués 5 h sans info, honteux @acme_fr » — @lea (1 200 abonnés), 23:31
https://x.example/1

(texte effacé depuis) — @tom, 23:32

À faire
1. Lire les trois posts
2. Suspendre les publications de Acme Airlines
Procédure : https://wiki.example/crise

Pourquoi ce message
Règle bad-buzz :
- posts en colère : 46, minimum 10, habituel 3,1
- inhabituel : niveau 8,1, seuil 4,2
- auteurs : 38, minimum 8

Aussi prévenus : Karim (push), slack-crise
Je prends : https://bw.example/i/Ab3dE9fGh1

Réf. acme-261122-2230.1.1795387200.ines/sms · heures : Europe/Paris"""

OPENED_IN_ENGLISH = """\
Far more angry posts than usual
46 angry posts in 15 min, usually 3.
Share of angry posts: 78%, usually 12%.
59 posts in all, 38 authors, up to 1,234,567 followers reached.
Since 23:28 (12 min), it is still growing.

Is it serious?
Important: critical · Urgent: no

What people say
“Bloqués 5 h sans info, honteux @acme_fr” — @lea (1,200 followers), 23:31
https://x.example/1

(text erased since) — @tom, 23:32

What to do
1. Read the three posts
Runbook: https://wiki.example/crise

Why this message
Rule bad-buzz:
- angry posts: 46, at least 10 needed, usually 3.1
- unusual: level 8.1, line at 4.2
- authors: 38, at least 8 needed

Also told: Karim (push), slack-crise
I take it: https://bw.example/i/Ab3dE9fGh1

Ref. acme-261122-2230.1.1795387200.ines/sms · times: Europe/Paris"""


def test_an_alarm_in_french_says_everything_in_order(notice, samples, now):
    message = render(notice, samples, LINK, now)
    assert plain(message.title) == "CRITIQUE Acme Airlines : 46 posts en colère en 15 min (habituel 3), monte"
    assert plain(message.text) == OPENED_IN_FRENCH
    assert message.short == (
        'CRISE Acme Airlines 46 posts négatifs/15 min (habituel 3), monte. "Bloqués 5 h sans info, honteux @acme_fr" '
        f"@lea. Je prends: {LINK}"
    )
    assert message.key == notice.key


def test_an_alarm_in_english_says_everything_in_order(change, reason, samples, now):
    notice = change(
        notice_language="en",
        notice_do=("Read the three posts",),
        reason=replace(reason, says="Far more angry posts than usual"),
    )
    message = render(notice, samples, LINK, now)
    assert message.title == "CRITICAL Acme Airlines: 46 angry posts in 15\u00a0min (usually 3), growing".replace(
        "46 a", "46\u00a0a"
    )
    assert plain(message.text) == OPENED_IN_ENGLISH


@pytest.mark.parametrize(("language", "line"), [("fr", "Ce qui pèse le plus : {}"), ("en", "What weighs most: {}")])
def test_the_words_that_weigh_most_in_all_shown_posts_together_are_named_before_them(
    change, samples, now, language, line
):
    first, gone = samples
    first = replace(first, why=(Cause("info", 1.0), Cause("honteux", 0.9)))
    other = replace(first, mention="x:3", why=(Cause("honteux", 0.8), Cause("<!channel> 06 12 34 56 78", 0.1)))
    message = render(change(notice_language=language), (first, gone, other), LINK, now)
    words = "honteux, info, ‹!channel› […]"
    said = [section for section in plain(message.text).split("\n\n") if words in section]
    assert said[0].splitlines()[1] == line.format(words)
    assert message.text.count("info, ‹") == 1
    assert "<!channel>" not in message.html
    assert "channel" not in message.short


def test_only_posts_that_are_shown_give_words_and_five_at_most(notice, samples, now):
    first, _ = samples
    shown = tuple(
        replace(first, why=tuple(Cause(f"mot{post}{place}", 9.0 - place - post) for place in range(3)))
        for post in range(4)
    )
    text = render(notice, shown, LINK, now).text
    assert "mot00, mot01, mot10, mot02, mot11" in text
    assert "mot3" not in text


@pytest.mark.parametrize(
    ("language", "title", "first_lines"),
    [
        ("fr", "Acme Airlines : pris par Inès à 23:44", "Pris par Inès à 23:44.\nC’était : 46 posts en colère"),
        ("en", "Acme Airlines: taken by Inès at 23:44", "Taken by Inès at 23:44.\nIt was: 46 angry posts"),
    ],
)
def test_who_took_it_and_when_is_all_the_others_need(change, samples, now, language, title, first_lines):
    taken = change(
        state=State.TAKEN,
        taken_by="Inès",
        taken_at=now + 4 * MINUTE,
        notice_kind=ChangeKind.TAKEN,
        notice_language=language,
        notice_page=False,
    )
    message = render(taken, samples, LINK, now + 4 * MINUTE)
    assert plain(message.title) == title
    assert plain(message.text).startswith(first_lines)
    assert "honteux" not in message.text
    assert message.severity is None


@pytest.mark.parametrize(
    ("language", "title", "first_line"),
    [
        ("fr", "Acme Airlines : c’est fini, cela a duré 2 h 12", "Cela a duré 2 h 12 (22/11 23:28 – 01:40)."),
        (
            "en",
            "Acme Airlines: it is over, it lasted 2 h 12 min",
            "It lasted 2 h 12 min (2026-11-22 23:28 – 01:40).",
        ),
    ],
)
def test_the_end_says_how_long_it_lasted(change, now, language, title, first_line):
    end = now + 3 * HOUR
    over = change(
        state=State.RESOLVED,
        true_at=now + 2 * HOUR,
        closed_at=end,
        notice_kind=ChangeKind.OVER,
        notice_language=language,
        notice_page=False,
        notice_due_at=end,
    )
    message = render(over, (), LINK, end)
    assert plain(message.title) == title
    assert plain(message.text).splitlines()[0] == first_line


def test_a_person_who_closed_it_is_named_even_after_somebody_else_took_it(change, now):
    closed = change(
        state=State.RESOLVED,
        taken_by="Inès",
        taken_at=now,
        closed_by="Karim",
        closed_at=now + HOUR,
        true_at=now,
        notice_kind=ChangeKind.RESOLVED,
        notice_language="en",
    )
    title = plain(render(closed, (), LINK, now + HOUR).title)
    assert title == "Acme Airlines: closed by Karim at 00:40, it lasted 12 min"


@pytest.mark.parametrize(
    ("kind", "page", "expected"),
    [
        (ChangeKind.WORSENED, False, ": s’aggrave, 46 posts"),
        (ChangeKind.WORSENED, True, ": 46 posts"),
        (ChangeKind.REOPENED, False, ": ça repart, 46 posts"),
    ],
)
def test_what_happened_to_it_is_in_the_title_but_a_repeated_page_claims_no_worsening(change, now, kind, page, expected):
    assert expected in plain(render(change(notice_kind=kind, notice_page=page), (), LINK, now).title)


def test_a_page_that_nobody_took_says_for_how_long(change, now):
    repeated = change(opened_at=now - 15 * MINUTE)
    assert "Personne ne l’a encore pris, 15 min après l’alerte." in plain(render(repeated, (), LINK, now).text)


def test_a_runaway_conversation_is_told_by_its_own_numbers(change, reason, now):
    clauses = (Clause("thread.escalating", True, 7.1, 3.3), Clause("thread.negative_share", True, 0.78, 0.4))
    thread = change(subject=Subject("acme", "x:9"), reason=replace(reason, signal=None, clauses=clauses))
    message = render(thread, (), LINK, now)
    assert (
        plain(message.title)
        == "CRITIQUE Acme Airlines : une conversation s’emballe : 59 posts, 38 auteurs, 78 % en colère, monte"
    )
    assert "Aucune réponse officielle récente ne l’a calmée." in message.text
    assert "- emballement : niveau 7,1, seuil 3,3" in plain(message.text)


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("fr", "- inhabituel selon half_space_trees : niveau 8,1, seuil 4,2"),
        ("en", "- unusual by half_space_trees: level 8.1, line at 4.2"),
    ],
)
def test_who_judged_in_our_place_is_named(change, reason, now, language, line):
    clauses = (Clause("negativity.unusual", True, 8.13, 4.2, by=Comparator.HALF_SPACE_TREES),)
    told = change(notice_language=language, reason=replace(reason, clauses=clauses))
    assert line in plain(render(told, (), LINK, now).text).splitlines()


@pytest.mark.parametrize(
    ("language", "title", "copies"),
    [
        (
            "fr",
            "se répand : 59 posts sans lien entre eux, 38 auteurs, 78 % en colère, monte",
            "Dont 34",
        ),
        ("en", "one story is spreading: 59 separate posts, 38 authors, 78% angry, growing", "Of these, 34"),
    ],
)
def test_a_story_is_told_as_one_with_the_copies_in_it(change, reason, now, language, title, copies):
    clauses = (Clause("thread.escalating", True, 7.1, 3.3),)
    told = replace(reason, signal=None, clauses=clauses, story="x:9", copies=34)
    message = render(change(subject=Subject("acme", story="x:9"), reason=told, notice_language=language), (), LINK, now)
    assert plain(message.title).endswith(title)
    assert copies in plain(message.text)
    assert septets(message.short) <= SEGMENT


def test_copies_of_one_text_are_named_from_three_on(change, reason, now):
    for copies, named in ((2, False), (3, True)):
        text = plain(render(change(reason=replace(reason, copies=copies)), (), LINK, now).text)
        assert (f"Dont {copies} copies d’un même texte" in text) is named


OUTLOOKS = [
    (
        "fr",
        Phase.REBOUND,
        40,
        ("cela s’était calmé et repart", "500 posts par heure vers 00:15, entre 00:05 et 00:40."),
    ),
    ("fr", Phase.RISING, None, ("cela monte encore", "500 posts par heure vers 00:15, pas avant 00:05.")),
    ("en", Phase.PEAKING, 40, ("it is at its height", "500 posts an hour about 00:15, between 00:05 and 00:40.")),
    ("en", Phase.OVER, None, ("it has died down", "500 posts an hour about 00:15, not before 00:05.")),
]


@pytest.mark.parametrize(("language", "phase", "latest", "said"), OUTLOOKS)
def test_a_conversation_says_where_it_stands_and_what_it_will_bring(change, reason, language, phase, latest, said):
    midnight = NOW + 20 * MINUTE
    told = replace(
        reason,
        signal=None,
        clauses=(Clause("thread.escalating", True, 7.1, 3.3),),
        phase=phase,
        forecast=Forecast(120.4, 339.7, 900),
        milestone=Milestone(500, midnight + 15 * MINUTE, midnight + 5 * MINUTE, latest and midnight + latest * MINUTE),
    )
    thread = change(subject=Subject("acme", "x:9"), reason=told, notice_language=language)
    text = plain(render(thread, (), LINK, NOW).text)
    assert [phrase for phrase in said if phrase not in text] == []
    assert ("environ 340 posts (120 à 900)" if language == "fr" else "about 340 posts (120 to 900)") in text


def test_a_milestone_that_lies_behind_is_not_told(change, reason, now):
    told = replace(reason, clauses=(Clause("thread.mentions", True, 60, 20),), milestone=Milestone(500, now, now, now))
    text = render(change(subject=Subject("acme", "x:9"), reason=told), (), LINK, now).text
    assert "rythme" not in text


def test_an_answered_conversation_says_so(change, reason, now):
    clauses = (Clause("thread.authors", True, 60, 20),)
    answered = replace(reason, signal=None, clauses=clauses, answered=True)
    text = plain(render(change(subject=Subject("acme", "x:9"), reason=answered), (), LINK, now).text)
    assert "Une réponse officielle a été donnée il y a moins de 30 min." in text


@pytest.mark.parametrize(
    ("language", "opened", "over"),
    [
        (
            "fr",
            "ALERTE Acme Airlines : plus aucun post depuis 3 h",
            "Acme Airlines : on en parle de nouveau, le silence a duré 3 h",
        ),
        ("en", "WARNING Acme Airlines: no post for 3 h", "Acme Airlines: people post again, the silence lasted 3 h"),
    ],
)
def test_a_silence_has_words_of_its_own(change, reason, now, language, opened, over):
    clauses = (Clause("quiet.over", True, 3 * HOUR, 2 * HOUR),)
    quiet = {
        "subject": Subject("acme", quiet=True),
        "began_at": now - 3 * HOUR,
        "reason": replace(reason, signal=None, clauses=clauses, trend=Trend.STEADY),
        "notice_language": language,
        "notice_severity": Severity.WARNING,
    }
    assert plain(render(change(**quiet), (), LINK, now).title) == opened
    ended = change(**quiet, notice_kind=ChangeKind.OVER, state=State.RESOLVED, closed_at=now)
    assert plain(render(ended, (), LINK, now).title) == over


def test_a_rule_about_one_post_is_told_in_its_own_sentence(change, reason, now):
    clauses = (Clause("mention.followers", True, 250_000, 100_000),)
    big = change(
        subject=Subject("acme", "x:9"),
        reason=replace(reason, signal=None, says="Un gros compte se plaint de {brand}", clauses=clauses),
    )
    message = render(big, (), LINK, now)
    assert plain(message.title) == "CRITIQUE Acme Airlines : Un gros compte se plaint de Acme Airlines, monte"
    assert "59 posts" not in message.text


def test_a_trouble_of_the_daemon_itself_goes_under_our_name(change, reason, now):
    ours = {
        "subject": Subject(""),
        "reason": replace(reason, signal=None, says="broker : connexion refusée", clauses=(), trend=Trend.STEADY),
        "notice_brand_name": "",
        "notice_severity": Severity.WARNING,
        "notice_page": False,
    }
    message = render(change(**ours), (), LINK, now)
    assert plain(message.title) == "ALERTE buzzwatch : broker : connexion refusée"
    assert "Pourquoi" not in message.text
    over = render(change(**ours, notice_kind=ChangeKind.OVER, true_at=now), (), LINK, now)
    assert plain(over.title) == "buzzwatch : rétabli, cela a duré 12 min"


def test_a_test_says_that_it_is_one_everywhere(notice, now):
    message = render(replace(notice, test=True), (), LINK, now)
    assert message.title.startswith("TEST ")
    assert message.short.startswith("TEST ")
    assert "Ceci est un test" in message.text
    assert "Ceci est un test" in message.html


@pytest.mark.parametrize(
    ("fields", "sent_after", "replaces", "sentence"),
    [
        ({"notice_late_since": -2 * HOUR}, 0, 0, "Ce message était dû à 21:40 : nous étions arrêtés."),
        ({}, 2 * HOUR, 0, "État de 22/11 23:40 : ce message n’a pas pu partir plus tôt."),
        ({}, 0, 1, "Remplace 1 message plus ancien qui n’avait pas pu partir."),
        ({}, 0, 8, "Remplace 8 messages plus anciens qui n’avaient pas pu partir."),
    ],
)
def test_a_message_that_leaves_late_or_for_others_says_so(change, now, fields, sent_after, replaces, sentence):
    fields = {name: now + value for name, value in fields.items()}
    assert sentence in plain(render(change(**fields), (), LINK, now + sent_after, replaces).text)


def test_a_message_that_may_have_arrived_already_says_so(notice, now):
    text = render(notice, (), LINK, now, doubtful=True).text
    assert "Ce message est peut-être déjà arrivé : même référence, même alerte." in plain(text)


def test_a_message_in_time_says_nothing_of_delay(notice, now):
    text = render(notice, (), LINK, now + MINUTE).text
    assert "déjà arrivé" not in text
    assert "Remplace" not in text
    assert "État de" not in text


def test_deaf_time_between_the_beginning_and_the_hearing_is_told(change, reason, now):
    deaf = replace(reason, heard_late=(now - 11 * MINUTE, now - MINUTE))
    text = plain(render(change(reason=deaf), (), LINK, now).text)
    assert "Commencé à 23:28, entendu à 23:40 : nous étions sourds de 23:29 à 23:39." in text


def test_deaf_seconds_that_no_clock_shows_are_not_told(change, reason, now):
    restarted = replace(reason, heard_late=(now - 11 * MINUTE, now - 11 * MINUTE + SECOND))
    assert "sourds" not in plain(render(change(reason=restarted), (), LINK, now).text)


def test_an_unlearnt_brand_says_that_usual_is_an_estimate(change, reason, now):
    learning = replace(reason, signal=replace(reason.signal, learning=True))
    message = render(change(reason=learning), (), LINK, now)
    assert "(habituel estimé 3)" in message.title
    assert "suivie depuis peu" in message.text


def test_clauses_that_failed_are_unknown_or_exclude_are_told_apart(change, reason, now):
    clauses = (
        Clause("mention.followers", False, None, 100_000),
        Clause("none.volume.at_least", True, 3, 50),
        Clause("thread.answered", True, "no", "no"),
        Clause("volume.times", True, 15.2, 3),
    )
    text = plain(render(change(reason=replace(reason, clauses=clauses)), (), LINK, now).text)
    assert "- abonnés de l’auteur : inconnu, minimum 100 000 (non atteint)" in text
    assert "- sauf si posts : 3, minimum 50" in text
    assert "- réponse officielle : non, attendu non" in text
    assert "- par rapport à l’habituel : 15 ×, minimum 3 ×" in text


def test_placeholders_of_a_rule_are_filled_and_strange_braces_stay(change, reason, now):
    says = "{brand} {rule} {observed}/{expected} {share} {over} {secret} {0} {brand.__class__}"
    text = plain(render(change(reason=replace(reason, says=says)), (), None, now).text)
    assert text.startswith("Acme Airlines bad-buzz 46/3 78 % 15 min {secret} {0} {brand.__class__}")


def test_what_was_taken_asks_nobody_to_take_it(change, now):
    taken = change(state=State.TAKEN, taken_by="Inès", taken_at=now, notice_kind=ChangeKind.WORSENED, notice_page=False)
    text = plain(render(taken, (), LINK, now).text)
    assert "Pris par Inès depuis 23:40." in text
    assert "Je prends" not in text
    assert f"Voir : {LINK}" in text


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def test_html_holds_only_our_tags_and_only_web_links(change, now):
    hostile = Sample(
        "x:1",
        "<script>alert(1)</script><img src=x onerror=y> {{ 7 * 7 }}",
        "<b>&\"'",
        5,
        'https://x.example/"><script>',
        now,
        0.9,
    )
    notice = change(notice_brand_name="A<b>&", notice_runbook="javascript:alert(1)", notice_key='k"><i>')
    parser = _Tags()
    message = render(notice, (hostile,), LINK, now)
    parser.feed(message.html)
    assert {tag for tag, _ in parser.tags} <= {
        *("html", "head", "meta", "title", "body", "div", "h1", "h2", "p", "br", "a")
    }
    assert [attrs["href"] for tag, attrs in parser.tags if tag == "a"] == [LINK, LINK]
    assert "{{ 7 ∗ 7 }}" in message.html


_HOSTILE = st.text(max_size=100) | st.sampled_from(
    ["a\r\nBcc: x@y", "<!channel>", "\u202e\u0000", "@everyone", "x" * 999]
)


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_whatever_people_write_the_title_is_one_short_line_and_the_sms_one_segment(change, reason, now, data):
    kind, language = data.draw(st.sampled_from(ChangeKind)), data.draw(st.sampled_from(["fr", "en"]))
    brand, says, post, who = (data.draw(_HOSTILE) for _ in range(4))
    notice = change(
        reason=replace(reason, says=says, signal=None),
        taken_by=who,
        closed_by=who,
        closed_at=now,
        notice_kind=kind,
        notice_brand_name=brand,
        notice_language=language,
    )
    message = render(notice, (Sample("x:1", post, who, 3, post, now, 0.9),), LINK, now)
    assert len(message.title) <= LONGEST_TITLE
    assert message.title.isprintable() or set(message.title) & set("\u00a0\u202f\u2060\u200d")
    assert not set("\r\n\x00\u202e") & set(message.title)
    assert septets(message.short) <= SEGMENT
    assert fold(message.short) == message.short
    assert message.short.endswith(LINK)
    assert "<!channel>" not in message.text
    assert "@everyone" not in message.title + message.text


def beside(change, incident, **reason):
    return change(reason=replace(incident.reason, **reason))


def test_sources_are_named_where_there_are_several_and_the_first_six_where_there_are_many(change, incident, now):
    several = beside(change, incident, sources=("bluesky", "press", "reddit", "x"))
    assert "Sur 4 sources : bluesky, press, reddit, x." in plain(render(several, (), None, now).text)
    english = replace(several, language="en")
    assert "On 4 sources: bluesky, press, reddit, x." in plain(render(english, (), None, now).text)
    assert "sources" not in render(beside(change, incident, sources=("x",)), (), None, now).text
    many = beside(change, incident, sources=tuple(f"s{number}" for number in range(9)))
    assert "Sur 9 sources : s0, s1, s2, s3, s4, s5, et 3 autres." in plain(render(many, (), None, now).text)


def test_names_of_sources_and_campaigns_are_shown_as_text(change, incident, now):
    hostile = beside(
        change, incident, sources=("<!channel>", "\u202ex"), campaign=Campaign(0, MINUTE, 0.5, "<b>Grève</b> @here")
    )
    said = render(hostile, (), None, now)
    assert "Attendu ×0,5 : ‹b›Grève‹/b› @here." in plain(said.text)
    assert "Sur 2 sources : ‹!channel›, x." in plain(said.text)
    assert "<b>Grève" not in said.html
