"""Conditions, judged upon a view that a test fills in."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from buzzwatch.model.brand import Scope
from buzzwatch.model.instant import DAY, EVERY_WINDOW, HOUR, MINUTE
from buzzwatch.model.mention import Kind, Sighting
from buzzwatch.model.signal import Comparator, Detector, Finding, Signal, Trend
from buzzwatch.model.thread import ThreadView
from buzzwatch.rules.condition import Compiled
from buzzwatch.rules.ruleset import load

THREAD = ThreadView(
    id="x:1", brand="acme", mentions=30, authors=20, negative_share=0.5, reach=None, rate=60.0, forecast=100.0,
    score=4.0, answered=False, trend=Trend.RISING, first_at=0, last_at=MINUTE,
)  # fmt: skip
MENTION = Sighting(
    seen_at=0, posted_at=0, mention="x:1", brand="acme", source="x", thread="x:1", parent=None, kind=Kind.REVIEW,
    author=7, followers=500, official=False, negativity=0.8, scorer="linear@1", lang="fr", copy=1,
)  # fmt: skip

HEAD = """
brand: acme
official: ["x:@acme"]
match: {any: [acme]}
themes: {safety: [smoke], boycott: [boycott], strike: [strike]}
voices: {press: ["x:@paper"], ours: ["x:@boss"]}
"""


class Desk:
    """What a rule may read, with everything it was asked for in `asked`."""

    def __init__(self, **seen) -> None:
        self.now = 0
        self.thread = seen.get("thread")
        self.mention = seen.get("mention")
        self.seen = SimpleNamespace(**{"authors": 0, "silence": None, "ceiling": 5.0, "share": None, **seen})
        self.noted: dict[str, set[int]] = {}
        self.rates: dict[str, float] = {}
        self.overs: set[int] = set()

    def signal(self, detector, over, by=None):
        self.overs.add(over)
        observed, expected, score = getattr(self.seen, detector.value, (0.0, 0.0, 0.0))
        if by is not None:
            score = getattr(self.seen, by)
        return Signal(detector, over, observed, expected, score, self.seen.share, by=by)

    def score(self, detector, over):
        return self.signal(detector, over).score

    def observed(self, detector, over):
        return self.signal(detector, over).observed

    def authors(self, detector, over):
        return self.seen.authors

    def ceiling(self, detector, over, rate, by=None):
        self.rates[detector.value] = rate
        return self.seen.ceiling

    def silence(self):
        return self.seen.silence

    def unanswered(self, over):
        self.overs.add(over)
        return getattr(self.seen, "unanswered", None)

    def sources(self, over):
        self.overs.add(over)
        return self.seen.sources

    def gather(self, key, over):
        self.noted.setdefault(key, set()).add(self.mention.author)
        return len(self.noted[key])


def rule(when: str, more: str = ""):
    text = f"{HEAD}rules: [{{name: one, severity: warning, when: {when}{more}}}]"
    return load({"acme.yaml": text}).brands["acme"].rules[0]


def judge(when: str, **seen) -> Finding:
    return rule(when).when.judge(Desk(**seen))


@pytest.mark.parametrize(
    ("when", "enough", "too_little"),
    [
        ("{volume: {at_least: 10}}", {"volume": (10.0, 1.0, 0.0)}, {"volume": (9.0, 1.0, 0.0)}),
        ("{spread: {sources: 3}}", {"sources": ("bluesky", "reddit", "x")}, {"sources": ("bluesky", "x")}),
        ("{volume: {times: 3x}}", {"volume": (30.0, 10.0, 0.0)}, {"volume": (29.0, 10.0, 0.0)}),
        ("{volume: {unusual: true}}", {"volume": (1.0, 1.0, 5.0)}, {"volume": (1.0, 1.0, 4.9)}),
        ("{volume: {authors: 8}}", {"authors": 8}, {"authors": 7}),
        ("{negativity: {at_least: 10}}", {"negativity": (10.0, 1.0, 0.0)}, {"volume": (99.0, 1.0, 0.0)}),
        ("{negativity: {share: 40%}}", {"share": 0.4}, {"share": 0.39}),
        ("{negativity: {share: 40%}}", {"share": 1.0}, {"share": None}),
        ("{thread: {mentions: 30}}", {"thread": THREAD}, {"thread": None}),
        ("{thread: {authors: 20, negative_share: 50%, forecast: 100}}", {"thread": THREAD}, {}),
        ("{thread: {answered: false}}", {"thread": THREAD}, {}),
        ("{thread: {escalating: true}}", {"thread": THREAD, "ceiling": 4.0}, {"thread": THREAD, "ceiling": 4.1}),
        ("{mention: {negativity: 0.8}}", {"mention": MENTION}, {"mention": None}),
        ("{mention: {followers: 500, kind: review, source: [bluesky, x]}}", {"mention": MENTION}, {}),
        ("{unanswered: {for: 1h, at_least: 5}}", {"unanswered": 5}, {"unanswered": 4}),
        ("{unanswered: {for: 1h}}", {"unanswered": 1}, {"unanswered": None}),
        ("{quiet: {over: 2h}}", {"silence": 2 * HOUR}, {"silence": 2 * HOUR - 1}),
        ("{quiet: {over: 2h}}", {"silence": DAY}, {"silence": None}),
        ("{volume: {at_least: 2}, negativity: {at_least: 2}}",
         {"volume": (2, 1, 0), "negativity": (2, 1, 0)}, {"volume": (2, 1, 0)}),
        ("{any: [{volume: {at_least: 2}}, {negativity: {at_least: 2}}]}",
         {"negativity": (2, 1, 0)}, {"volume": (1, 1, 0)}),
        ("{none: [{volume: {at_least: 2}}]}", {"volume": (1, 1, 0)}, {"volume": (2, 1, 0)}),
        ("{none: [{volume: {at_least: 2}}, {negativity: {at_least: 2}}]}", {}, {"negativity": (2, 1, 0)}),
    ],
)  # fmt: skip
def test_a_condition_holds_from_its_minimum_on(when, enough, too_little):
    assert judge(when, **enough).passed
    assert not judge(when, **too_little).passed


@pytest.mark.parametrize("when", ["{thread: {reach: 1}}", "{mention: {followers: 1}}"])
def test_what_is_unknown_never_satisfies_a_minimum(when):
    unknown = Desk(thread=THREAD, mention=MENTION)
    unknown.mention = replace(MENTION, followers=None)
    finding = rule(when).when.explain(unknown)
    assert not finding.passed
    assert finding.clauses[0].observed is None


def test_three_times_nearly_nothing_is_nothing_yet():
    assert not judge("{volume: {times: 3x}}", volume=(1.0, 0.1, 0.0)).passed
    assert judge("{volume: {times: 3x}}", volume=(3.0, 0.1, 0.0)).passed


def test_our_own_posts_satisfy_no_mention_condition():
    official = replace(MENTION, official=True, voice="press")
    assert not judge("{mention: {negativity: 0.1}}", mention=official).passed
    assert not judge("{mention: {authors: 1}}", mention=official).passed
    assert not judge("{mention: {voice: press}}", mention=official).passed


@pytest.mark.parametrize(("asked", "passes"), [("ours", True), ("[press, ours]", True), ("press", False)])
def test_our_people_satisfy_a_mention_condition_only_where_they_are_asked_for(asked, passes):
    ours = replace(MENTION, voice="ours")
    assert not judge("{mention: {negativity: 0.1}}", mention=ours).passed
    assert not judge("{mention: {authors: 1}}", mention=ours).passed
    assert judge(f"{{mention: {{voice: {asked}}}}}", mention=ours).passed is passes
    assert judge(f"{{mention: {{voice: {asked}, authors: 1}}}}", mention=ours).passed is passes


@pytest.mark.parametrize(
    ("themes", "theme", "passes", "observed"),
    [
        (("safety",), "safety", True, "safety"),
        (("boycott", "safety"), "safety", True, "safety"),
        (("safety",), "[boycott, safety]", True, "safety"),
        (("safety", "boycott"), "strike", False, "safety, boycott"),
        ((), "safety", False, None),
    ],
)
def test_a_theme_holds_when_the_mention_touches_one_of_those_asked_for(themes, theme, passes, observed):
    finding = rule(f"{{mention: {{theme: {theme}}}}}").when.explain(Desk(mention=replace(MENTION, themes=themes)))
    assert (finding.passed, finding.clauses[0].observed) == (passes, observed)


def test_a_voice_holds_when_the_author_is_of_that_group():
    assert judge("{mention: {voice: press}}", mention=replace(MENTION, voice="press")).passed
    assert not judge("{mention: {voice: press}}", mention=MENTION).passed
    assert not judge("{mention: {voice: press, theme: safety}}", mention=replace(MENTION, voice="press")).passed


def test_a_no_carries_no_clauses_until_it_is_explained():
    when = rule("{volume: {at_least: 10, times: 2x}}").when
    desk = Desk(volume=(4.0, 3.0, 0.0))
    assert when.judge(desk) == Finding(passed=False, clauses=())
    names = [(c.name, c.passed, c.observed, c.needed, c.expected) for c in when.explain(desk).clauses]
    assert names == [("volume.at_least", False, 4.0, 10, 3.0), ("volume.times", False, 4 / 3, 2.0, None)]


def test_a_clause_under_none_is_turned_round():
    finding = judge("{none: [{negativity: {at_least: 5}}]}", negativity=(2.0, 1.0, 0.0))
    (clause,) = finding.clauses
    assert (clause.name, clause.passed, clause.observed, clause.needed) == ("none.negativity.at_least", True, 2.0, 5)
    assert finding.signal is None


def test_the_strongest_signal_that_passed_is_the_reason():
    when = (
        "{any: [{volume: {at_least: 1}}, {negativity: {at_least: 1, over: 5m}}, {volume: {at_least: 99, over: 12h}}]}"
    )
    finding = judge(when, volume=(2.0, 1.0, 3.0), negativity=(2.0, 1.0, 4.0))
    assert (finding.signal.detector, finding.signal.over) == (Detector.NEGATIVITY, 5 * MINUTE)


@pytest.mark.parametrize(
    ("when", "rates"),
    [
        ("{volume: {unusual: true}, negativity: {unusual: true}}", {"volume": 1.0, "negativity": 1.0}),
        ("{all: [{volume: {unusual: true}}, {negativity: {unusual: true}}]}", {"volume": 1.0, "negativity": 1.0}),
        ("{any: [{volume: {unusual: true}}, {negativity: {unusual: true}}]}", {"volume": 0.5, "negativity": 0.5}),
        ("{any: [{volume: {unusual: true}}, {negativity: {at_least: 5}}]}", {"volume": 1.0}),
        (
            "{any: [{volume: {unusual: true}}, {any: [{negativity: {unusual: true}}, {thread: {escalating: true}}]}]}",
            {"volume": 0.5, "negativity": 0.25, "thread": 0.25},
        ),
    ],
)
def test_clauses_share_the_budget_under_any_and_not_under_all(when, rates):
    desk = Desk(thread=THREAD)
    rule(when, ", budget: 1 per day").when.explain(desk)
    assert desk.rates == rates


def test_authors_of_fitting_mentions_are_gathered_whatever_else_is_asked():
    when = rule("{all: [{volume: {at_least: 5}}, {mention: {negativity: 0.5, authors: 2}}]}").when
    desk = Desk(mention=MENTION)
    assert not when.judge(desk).passed
    desk.mention = replace(MENTION, negativity=0.1, author=8)
    assert not when.judge(desk).passed
    assert desk.noted == {"one.0": {7}}
    desk.seen.volume = (5.0, 1.0, 0.0)
    desk.mention = replace(MENTION, negativity=0.9, author=9)
    finding = when.judge(desk)
    assert finding.passed
    assert [(c.name, c.observed) for c in finding.clauses][-1] == ("mention.authors", 2)
    assert when.explain(desk) == finding


@pytest.mark.parametrize(
    ("when", "scope", "calm", "quiet"),
    [
        ("{volume: {unusual: true}}", Scope.BRAND, HOUR, None),
        ("{negativity: {unusual: true}}", Scope.BRAND, 30 * MINUTE, None),
        ("{spread: {sources: 3, over: 2h}}", Scope.BRAND, 2 * HOUR, None),
        ("{all: [{spread: {sources: 3}}, {thread: {authors: 3}}]}", Scope.THREAD, HOUR, None),
        ("{negativity: {unusual: true}, thread: {authors: 3}}", Scope.THREAD, 30 * MINUTE, None),
        ("{any: [{thread: {authors: 3}}, {mention: {authors: 3, over: 2h}}]}", Scope.MENTION, 2 * HOUR, None),
        ("{quiet: {over: 3h}}", Scope.QUIET, 30 * MINUTE, 3 * HOUR),
        ("{any: [{quiet: {over: 3h}}, {quiet: {over: 5m}}]}", Scope.QUIET, 30 * MINUTE, 5 * MINUTE),
        ("{all: [{quiet: {over: 3h}}, {quiet: {over: 5m}}]}", Scope.QUIET, 30 * MINUTE, 3 * HOUR),
    ],
)
def test_scope_calm_and_silence_follow_from_the_condition(when, scope, calm, quiet):
    compiled = rule(when)
    assert (compiled.scope, compiled.calm, compiled.quiet_over) == (scope, calm, quiet)


def test_the_same_written_twice_is_equal_and_another_budget_is_not():
    assert rule("{volume: {times: 2x, unusual: true}}") == rule("{volume: {unusual: true, times: 2x}}")
    assert rule("{volume: {unusual: true}}") != rule("{volume: {unusual: true}}", ", budget: 2 per week")
    assert isinstance(rule("{volume: {unusual: true}}").when, Compiled)


@pytest.mark.parametrize(
    ("when", "asked"),
    [
        ("{volume: {unusual: true, at_least: 1}}", {EVERY_WINDOW, HOUR}),
        ("{volume: {unusual: true, at_least: 1, over: 3h}}", {3 * HOUR}),
        ("{volume: {at_least: 1}}", {HOUR}),
        ("{negativity: {unusual: true}}", {EVERY_WINDOW}),
    ],
)
def test_what_has_no_window_is_unusual_over_all_of_them_and_counted_over_an_hour(when, asked):
    desk = Desk(volume=(9.0, 1.0, 9.0), negativity=(9.0, 1.0, 9.0))
    assert rule(when).when.judge(desk).passed
    assert desk.overs == asked


LEAVES = st.sampled_from(
    ["{volume: {at_least: 5}}", "{negativity: {unusual: true}}", "{thread: {authors: 20}}", "{mention: {kind: post}}"]
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda word, parts: f"{{{word}: [{', '.join(parts)}]}}",
        st.sampled_from(["all", "any", "none"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
).filter(lambda text: text.count("{") < 9)


@given(
    when=TREES,
    volume=st.floats(0, 10),
    score=st.floats(0, 10),
    thread=st.sampled_from([None, THREAD]),
    mention=st.sampled_from([None, MENTION]),
)
def test_judging_and_explaining_never_disagree(when, volume, score, thread, mention):
    compiled = rule(when).when
    desk = Desk(volume=(volume, 1.0, 0.0), negativity=(1.0, 1.0, score), thread=thread, mention=mention)
    judged, explained = compiled.judge(desk), compiled.explain(desk)
    assert judged.passed == explained.passed
    assert explained.clauses
    assert judged == (explained if explained.passed else Finding(passed=False, clauses=()))
    inverted = rule(f"{{none: [{when}]}}").when.explain(desk)
    assert inverted.passed != explained.passed


def test_a_comparator_scores_in_our_place_and_is_named_beside_its_clause():
    when = "{volume: {unusual: true, by: gaussian}, negativity: {unusual: true, by: one_class_svm}}"
    finding = judge(when, volume=(9.0, 1.0, 0.0), gaussian=6.0, one_class_svm=5.0)
    assert finding.passed
    assert [(clause.name, clause.by, clause.observed) for clause in finding.clauses] == [
        ("volume.unusual", Comparator.GAUSSIAN, 6.0),
        ("negativity.unusual", Comparator.ONE_CLASS_SVM, 5.0),
    ]
    assert finding.signal.by is Comparator.GAUSSIAN
    assert not judge(when, volume=(9.0, 1.0, 99.0), negativity=(9.0, 1.0, 99.0), gaussian=6.0, one_class_svm=4.9).passed


def test_a_comparator_under_none_is_named_as_well():
    finding = judge("{none: [{volume: {unusual: true, by: gaussian}}]}", gaussian=1.0)
    assert [(clause.name, clause.by) for clause in finding.clauses] == [("none.volume.unusual", Comparator.GAUSSIAN)]


@pytest.mark.parametrize(
    ("when", "asked"),
    [
        ("{volume: {unusual: true}}", []),
        ("{volume: {unusual: true, by: buzzwatch}}", []),
        ("{volume: {unusual: true, by: gaussian}}", [("gaussian", Detector.VOLUME, HOUR)]),
        ("{negativity: {unusual: true, by: gaussian}}", [("gaussian", Detector.NEGATIVITY, HOUR)]),
        (
            "{any: [{volume: {unusual: true, by: one_class_svm, over: 3h}}]}",
            [("one_class_svm", Detector.VOLUME, 3 * HOUR)],
        ),
    ],
)
def test_a_rule_says_what_it_asks_comparators(when, asked):
    assert list(rule(when).comparisons) == asked
