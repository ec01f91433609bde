"""What X is asked for, and what becomes of rules that it does not take."""

import pytest
from x_room import NOW, RULES, brand, connected, stopped, x

from buzzwatch.clock import settle
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import SECOND
from buzzwatch.sources.x.rules import rules, terms


def test_a_name_is_asked_for_as_phrase_hashtag_and_handle():
    assert terms("Acme Airlines") == ['"acme airlines"', "#acmeairlines", "@acmeairlines", "@acme_airlines"]
    assert terms("acme") == ['"acme"', "#acme", "@acme"]
    assert terms("@Acme_fr") == ["@Acme_fr"]
    assert terms("#BoycottAcme") == ["#BoycottAcme"]


def test_accents_are_asked_for_with_and_without():
    assert terms("Société Générale")[:2] == ['"société générale"', '"societe generale"']


def test_punctuation_is_asked_for_as_written_and_as_words():
    assert terms("Coca-Cola")[:2] == ['"coca-cola"', '"coca cola"']


@pytest.mark.parametrize("name", ['ac"me', "ac\\me", 'acme" OR "x', "acme\nOR"])
def test_no_name_gets_out_of_its_quotes(name):
    for term in terms(name):
        assert term[0] in '"#@'
        assert '"' not in term[1:-1]
        assert "\\" not in term


@pytest.mark.parametrize("name", ["@ab.cd", "@far_too_long_a_handle", "#-", '""'])
def test_what_cannot_be_asked_for_is_left_out(name):
    assert terms(name) == []


def test_what_is_not_us_is_never_excluded_and_our_own_accounts_are_asked_for():
    [rule] = rules({"acme": brand(not_us=["acme corporation"], official=["x:@acme_fr", "bluesky:acme.fr"])}, 1024)
    assert rule.value == '"acme" OR #acme OR @acme OR from:acme_fr OR to:acme_fr'


def test_a_doubtful_name_is_asked_for_with_the_words_near_it():
    found = [rule.value for rule in rules({"o": brand("o", ["orange", "@orange_fr"], near=["réseau"])}, 1024)]
    assert found[0] == "@orange_fr"
    assert found[1].startswith('("orange" OR #orange OR @orange) ("réseau" OR "reseau" OR')


def test_rules_keep_to_their_length_and_lose_nothing():
    names = [f"brand number {number}" for number in range(60)]
    many = {"a": brand("a", names), "b": brand("b", names[:9], near=names[9:40])}
    found = rules(many, 256)
    assert all(len(rule.value) <= 256 for rule in found)
    assert all(any(f'"{name}"' in rule.value for rule in found) for name in names)


def test_the_longest_name_fits_into_the_shortest_rule():
    longest = "é" * 100
    found = [rule.value for rule in rules({"a": brand("a", [longest], near=[longest])}, 256)]
    assert any(value.startswith(f'("{longest}") ("{longest}"') for value in found)


def test_our_brands_come_before_competitors():
    found = rules({"a": brand("a", ["a"], competitor=True), "z": brand("z", ["z"])}, 1024)
    assert [rule.brand for rule in found] == ["z", "a"]


async def test_rules_bear_our_tag_and_those_of_others_stay(server, start, intake, clock):
    server.rules = {
        "90": {"value": "cats", "tag": "pets"},
        "91": {"value": "dogs"},
        "92": {"value": "gone", "tag": "buzzwatch:x:acme:4"},
        "93": {"value": "elsewhere", "tag": "buzzwatch:other:acme:1"},
    }
    await connected(server, start, intake, clock)
    assert [rule.get("tag") for rule in server.rules.values()] == [
        "pets",
        None,
        "buzzwatch:other:acme:1",
        "buzzwatch:x:acme:1",
    ]


async def test_rules_that_are_there_are_not_made_again(server, start, intake, clock):
    await stopped(server, await connected(server, start, intake, clock))
    before = dict(server.rules)
    server.page_size = 1
    server.rules["99"] = {"value": "cats"}
    start(x(server), clock)
    await intake.until_connected(times=2)
    assert server.rules == before | {"99": {"value": "cats"}}
    assert len(server.asked("POST", "/rules")) == 1


async def test_other_rule_files_change_the_rules_and_not_the_connection(server, start, intake, clock):
    await connected(server, start, intake, clock)
    intake.wanted.brands, intake.wanted.digest = {"zeta": brand("zeta", ["zeta"])}, "second"
    await server.beat()
    await server.until(lambda: len(server.asked("POST", "/rules")) == 3)
    await settle()
    assert [rule["tag"] for rule in server.rules.values()] == ["buzzwatch:x:zeta:1"]
    assert len(server.asked("GET", "/stream")) == 1


async def test_rules_are_not_asked_for_again_where_only_thresholds_changed(server, start, intake, clock):
    await connected(server, start, intake, clock)
    intake.wanted.digest = "second"
    await server.say(1, NOW)
    await intake.until(lambda: intake.mentions)
    await settle()
    await settle()
    assert len(server.asked("GET", "/rules")) == 1


async def test_rules_that_cannot_be_changed_now_are_changed_later(server, start, intake, clock):
    await connected(server, start, intake, clock)
    server.refusals[RULES].append((503, {}, {}))
    intake.wanted.brands, intake.wanted.digest = {"zeta": brand("zeta", ["zeta"])}, "second"
    await server.beat()
    await server.until(lambda: len(server.asked("GET", "/rules")) == 2)
    for _ in range(4):
        await clock.advance(20 * SECOND)
        await server.beat()
        await settle()
    await server.until(lambda: [rule["tag"] for rule in server.rules.values()] == ["buzzwatch:x:zeta:1"])
    assert len(intake.statuses) == 1


@pytest.mark.parametrize("whole_batch_fails", [False, True])
async def test_a_rule_that_is_refused_costs_no_other_and_is_told(server, start, intake, clock, whole_batch_fails):
    server.invalid, server.whole_batch_fails = {"zeta"}, whole_batch_fails
    intake.wanted.brands = {key: brand(key, [key]) for key in ("acme", "beta", "zeta")}
    await connected(server, start, intake, clock)
    assert [rule["tag"] for rule in server.rules.values()] == ["buzzwatch:x:acme:1", "buzzwatch:x:beta:1"]
    assert intake.statuses == [(True, "X does not take a rule of zeta: Ambiguous use of and")]
    assert intake.ails == [Ail.GAP]


async def test_more_names_than_the_plan_allows_are_told_and_the_others_heard(server, start, intake, clock):
    intake.wanted.brands = {key: brand(key, [key]) for key in ("acme", "beta", "zeta")}
    await connected(server, start, intake, clock, rules=2)
    assert intake.statuses == [(True, "3 rules are needed and 2 allowed: not all of zeta is heard")]
    assert len(server.rules) == 2


async def test_where_there_is_no_room_old_rules_go_first(server, start, intake, clock):
    server.most_rules = 1
    server.rules = {"92": {"value": "gone", "tag": "buzzwatch:x:acme:1"}}
    await connected(server, start, intake, clock, rules=1)
    assert [rule["value"] for rule in server.rules.values()] == ['"acme" OR #acme OR @acme']


async def test_a_rule_that_somebody_else_has_made_is_good_enough(server, start, intake, clock):
    server.rules = {"90": {"value": '"acme" OR #acme OR @acme', "tag": "theirs"}}
    await connected(server, start, intake, clock)
    assert len(server.rules) == 1


async def test_without_a_name_to_ask_for_it_is_not_heard_and_says_so(server, start, intake, clock):
    intake.wanted.brands = {}
    start(x(server), clock)
    assert "no brand has a name" in await intake.until_deaf()
    assert server.asked("GET", "/stream") == []
