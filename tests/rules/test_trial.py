"""How tests of rules are written: what a part comes to, and what is told of one that is wrong."""

# ruff: noqa: E501 - an expected fault stays on one line, as it is printed

import pytest
from msgspec.structs import asdict

from buzzwatch.model.instant import HOUR, MINUTE
from buzzwatch.rules.changes import changes
from buzzwatch.rules.crowd import MOST_MENTIONS, Crowd
from buzzwatch.rules.faults import RuleFaults
from buzzwatch.rules.ruleset import load, load_with_trials, untested
from buzzwatch.rules.trial import Trial

HEAD = """brand: acme
match: {any: [acme]}
official: ["x:@acme"]
themes: {safety: [smoke]}
voices: {press: ["x:@paper"]}
rules:
  - {name: bad-buzz, when: {negativity: {at_least: 10}}, severity: watch}
  - {name: loud, when: {volume: {at_least: 10}}, severity: watch}
tests:
"""


def trial_of(written: str) -> Trial:
    _, trials = load_with_trials({"acme.yaml": f"{HEAD}  - {written}"})
    return trials[0].trial


def crowd_of(text: str) -> Crowd:
    crowd = trial_of(f'{{given: ["{text}"], expect: nothing}}').given[0].mentions
    assert crowd is not None
    return crowd


def faults_of(written: str, head: str = HEAD) -> list[str]:
    with pytest.raises(RuleFaults) as refused:
        load({"acme.yaml": f"{head}  - {written}"})
    return [str(fault).split("\n")[0] for fault in refused.value.faults]


@pytest.mark.parametrize(
    ("text", "count", "span", "told"),
    [
        ("5/h for 3d", 360, 72 * HOUR, {}),
        ("2/m for 20m", 40, 20 * MINUTE, {}),
        ("12/d for 36h", 18, 36 * HOUR, {}),
        ("120/h, 80% negative, by 60 authors, for 20m", 40, 20 * MINUTE, {"negative": 0.8, "authors": 60}),
        ("120/h by 60 authors for 20m 80% negative", 40, 20 * MINUTE, {"negative": 0.8, "authors": 60}),
        ("40 reviews in 2h on shop.example", 40, 2 * HOUR, {"kind": "review", "source": "shop.example"}),
        ("3 reviews/h for 2h", 6, 2 * HOUR, {"kind": "review"}),
        ("40 reposts in 10m", 40, 10 * MINUTE, {"kind": "repost", "alike": True}),
        ("40 copies in 10m", 40, 10 * MINUTE, {"alike": True}),
        ("1 post in 1m by 1 author of press", 1, MINUTE, {"authors": 1, "voice": "press"}),
        ("40 in 10m about safety", 40, 10 * MINUTE, {"theme": "safety"}),
        ("9/h with 5000 followers, answered after 10m for 1h", 9, HOUR, {"followers": 5000, "answered": 10 * MINUTE}),
        ("nothing for 6h", 0, 6 * HOUR, {}),
    ],
)
def test_mentions_are_written_as_people_say_them(text, count, span, told):
    assert crowd_of(text) == Crowd(**(asdict(Crowd(count, span)) | told))


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        ('"1e9/h for 90d"', '`1e9/h for 90d` does not begin with a number of mentions; write such as "120/h, 80% negative, by 60 authors, for 20m"'),
        ('"999999999/h for 30d"', "`999999999/h for 30d` comes to 719,999,999,280 mentions; a test may hold 200,000: lower or shorten it"),
        ('"9999999999/h for 1h"', '`9999999999/h for 1h` does not begin with a number of mentions; write such as "120/h, 80% negative, by 60 authors, for 20m"'),
        ('"-5/h for 1h"', '`-5/h for 1h` does not begin with a number of mentions; write such as "120/h, 80% negative, by 60 authors, for 20m"'),
        ('"0/h for 1h"', "`0/h for 1h` comes to no mention at all; write more, or `nothing for 6h`"),
        ('"5/h"', 'for how long is not said; write such as "120/h, 80% negative, by 60 authors, for 20m"'),
        ("80% negative", '`80% negative` is a piece of a part; a comma ends it unless it is quoted: "120/h, 80% negative, by 60 authors, for 20m"'),
        ("for 20m", '`for 20m` is a piece of a part; a comma ends it unless it is quoted: "120/h, 80% negative, by 60 authors, for 20m"'),
        ('"5/h for 31d"', "`31d` is too long; write 1s to 30d"),
        ('"5/h for 0s"', "`0s` is too short; write 1s to 30d"),
        ('"5/h in 3h"', "a rate lasts `for` a time, a number comes `in` a time; write `5/h for 3h`"),
        ('"50 for 3h"', "a rate lasts `for` a time, a number comes `in` a time; write `50 in 3h`, or `50/h for …`"),
        ('"5/h, 80% negativ, for 3d"', "`80% negativ, for 3d` is not understood; did you mean `80% negative`?"),
        ('"5/h, 120% negative, for 3d"', "`120%` is more than all; write 0% to 100%"),
        ('"5/h for 3d for 2d"', "`for 2d` comes second: `for 3d` is there already; keep one of them"),
        ('"5/h by 0 authors for 1h"', "somebody must have written them; write `by 1 author` or more"),
        ('"5/h about safty for 3h"', "`safty` is not one of `themes`; did you mean `safety`?"),
        ('"5/h by 3 authors of pres for 3h"', "`pres` is not one of `voices`; did you mean `press`?"),
        ('"5 foos in 3h"', "`foos` is no kind of mention; valid here: mentions, posts, copies, reposts, reviews, articles, messages"),
        ('"nothing, 80% negative, for 3h"', "`nothing, 80% negative, for 3h` says more than for how long; write such as `nothing for 6h`"),
        ("5", "expected a mapping (`key: value`), found `5`; write a mapping (`key: value`)"),
        ('{thread: "40 replies in 10m"}', "`40 replies in 10m` is not a conversation; write such as `root + 40 replies in 10m by 30 authors`"),
        ('{thread: "root + 40 replies for 10m"}', "a number of replies comes `in` a time; write such as `root + 40 replies in 10m by 30 authors`"),
        ("{mention: {by: paper}}", '`paper` is not an account; write the source and the handle, such as "x:@acme_fr"'),
        ("{mention: {negativity: 90}}", "`90` is too large; write 1 or less"),
        ("{mention: {folowers: 3}}", "unknown key `folowers`; did you mean `followers`?"),
        ("{gap: 6}", "`6` is not a length of time; write a number and s, m, h or d, such as 90s or 15m"),
        ("{gap: 6h, text: smoke}", "`text` does not go with `gap`; it goes with mentions"),
        ('{mentions: "5/h for 1h", gap: 6h}', "`mentions` and `gap` stand together; write one after the other, or under `together`"),
        ("{}", "nothing happens here; add one of: mentions, thread, mention, gap, together"),
        ('{mentions: "5/h for 1h", brand: acmee}', "no brand `acmee` is described here; did you mean `acme`?"),
        ('{mentions: "5/h for 1h", campaign: 500x}', "`500x` is too large; write 0.05x to 50x"),
    ],
)  # fmt: skip
def test_a_wrong_part_is_told_with_a_remedy(part, fault):
    said = faults_of(f"{{given: [{part}], expect: nothing}}")
    assert [line.partition(": ")[2] for line in said] == [fault]


def test_a_fault_in_a_part_stands_where_the_part_does():
    written = '{given: ["5/h for 3d", "6/h"], expect: nothing}'
    assert faults_of(written)[0].startswith(f"acme.yaml:10:{4 + written.index(chr(34) + '6/h') + 1}: ")


@pytest.mark.parametrize(
    ("expect", "fault"),
    [
        ("[{rule: bad-buz}]", "`bad-buz` is not a rule of this file; did you mean `bad-buzz`?"),
        ("[]", "nothing is written here; write `expect: nothing`, or the rules that must ring"),
        ("nothin", "`nothin` is not valid here; write `nothing`, or `[{rule: name, within: 10m}]`"),
        ("[{rule: loud, within: 10}]", "`10` is not a length of time; write a number and s, m, h or d, such as 90s or 15m"),
        ("[{rule: loud, times: 0, within: 3m}]", "`times: 0` says that it never rings; remove the rest, or `times`"),
        ("[{rule: loud, within: 1m, not_before: 3m}]", "`within` ends before `not_before`; make `within` the longer of the two"),
        ("[{rule: loud}, {rule: loud}]", "`loud` is expected twice; write it once, with `times: 2` if need be"),
        ("[{within: 3m}]", "`rule` is missing; add `rule: bad-buzz`"),
    ],
)  # fmt: skip
def test_a_wrong_expectation_is_told_with_a_remedy(expect, fault):
    said = faults_of(f'{{given: ["5/h for 3d"], expect: {expect}}}')
    assert [line.partition(": ")[2] for line in said] == [fault]


def test_a_route_that_is_expected_must_be_one():
    files = {
        "acme.yaml": HEAD + '  - {given: ["5/h for 1h"], expect: [{rule: loud, notify: oncal}]}',
        "oncall.yaml": "routes: {oncall: {copy: [console]}}",
    }
    with pytest.raises(RuleFaults, match="`oncal` is not a route of oncall"):
        load(files)


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ('{given: ["5/h for 3d"]}', "`expect` is missing; add `expect: nothing`"),
        ('{given: ["5/h for 3d"], expect: nothing, count_from: 2}', "there is no part 2; `given` has 1"),
        ('{given: ["5/h for 3d"], expect: nothing, at: "2026-11-23"}', '`2026-11-23` has no hour; write "2026-11-23 00:00"'),
        ('{given: ["5/h for 3d"], expect: nothing, others: allowed}', "`nothing` is expected, and `others` are allowed; name the rule that must not ring: `times: 0`"),
        ('{given: ["6000/h for 1d", "6000/h for 1d"], expect: nothing}', "it comes to 288,002 mentions; a test may hold 200,000: lower or shorten a part"),
        ('{given: ["150000 in 1d, answered after 1m"], expect: nothing}', "it comes to 300,001 mentions; a test may hold 200,000: lower or shorten a part"),
    ],
)  # fmt: skip
def test_a_test_that_does_not_hold_together_is_refused(written, fault):
    assert [line.partition(": ")[2] for line in faults_of(written)] == [fault]


def test_an_answer_needs_an_account_that_answers():
    head = HEAD.replace('official: ["x:@acme"]\n', "")
    said = faults_of('{given: ["5/h, answered after 5m, for 1h"], expect: nothing}', head)
    assert [line.partition(": ")[2] for line in said] == [
        'no account is known to answer; add `official: ["x:@name"]` to the file'
    ]


def test_no_test_can_ask_for_more_than_the_bound():
    assert crowd_of(f"{MOST_MENTIONS - 1} in 30d").count == MOST_MENTIONS - 1


def test_tests_are_no_part_of_the_rules_that_are_in_force():
    before, after = (load({"acme.yaml": text}) for text in (HEAD.removesuffix("tests:\n"), WITH_TESTS))
    assert before.digest != after.digest
    assert before.brands == after.brands
    assert changes(before, after) == []


def test_rules_that_no_test_lets_ring_are_named_where_there_are_tests():
    assert untested(*load_with_trials({"acme.yaml": WITH_TESTS})) == ["acme: no test lets these rules ring: loud"]
    assert untested(*load_with_trials({"acme.yaml": HEAD.removesuffix("tests:\n")})) == []


WITH_TESTS = f"""{HEAD}
  - {{given: ["5/h for 1h"], expect: [{{rule: bad-buzz}}]}}
  - {{given: ["5/h for 1h"], expect: [{{rule: loud, times: 0}}, {{rule: bad-buzz}}]}}
"""
