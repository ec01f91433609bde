"""Webhooks as `buzzwatch.yaml` says them, and the adapters made of them."""

from datetime import UTC, datetime

import pytest

from buzzwatch.app.config import load
from buzzwatch.app.ears.adapters import make_sources
from buzzwatch.app.mapping_file import load_mapping, load_preset, preset_names
from buzzwatch.app.secret import SecretError, Secrets
from buzzwatch.ingest.identity import names_of
from buzzwatch.ingest.mapping import read_item
from buzzwatch.rules.faults import RuleFaults
from buzzwatch.sources.webhook import proof as proofs
from buzzwatch.sources.webhook.shape import ByMapping, ByMeta

KEY = "whsec_" + "QUJD" * 8
WHOLE = "path: /hook, as: trustpilot, secret: sesame"
OWN = "id: id\ntext: text\ncreated_at: at\n"


def config_of(folder, *entries):
    path = folder / "buzzwatch.yaml"
    lines = [f"  s{number}: {{webhook: {{{entry}}}}}" for number, entry in enumerate(entries)]
    path.write_text("\n".join(["sources:", *lines]))
    return load(path, {})


def made(folder, *entries, environment=None):
    return list(make_sources(config_of(folder, *entries), Secrets(environment or {})).values())


def hook_of(folder, entry, environment=None):
    return made(folder, entry, environment=environment)[0]._hook


@pytest.mark.parametrize(
    ("entry", "proof", "translation"),
    [
        (f"path: /a, as: standard, secret: {KEY}", proofs.Standard, type(None)),
        ("path: /a, as: meta, secret: sesame, verify_token: chut", proofs.Meta, ByMeta),
        (WHOLE, proofs.Bearer, ByMapping),
        (WHOLE + ", check: header, header: X-Key", proofs.Header, ByMapping),
        (WHOLE + ", check: basic, user: tool", proofs.Basic, ByMapping),
        (WHOLE + ", check: address", proofs.Address, ByMapping),
        (f"path: /a, as: talkwalker, check: standard, secret: {KEY}", proofs.Standard, ByMapping),
    ],
)
def test_an_entry_becomes_an_adapter(tmp_path, entry, proof, translation):
    hook = hook_of(tmp_path, entry)
    assert isinstance(hook.proof, proof)
    assert isinstance(hook.translation, translation)


def test_a_mapping_of_your_own_takes_the_place_of_one_that_comes_along(tmp_path):
    (tmp_path / "own.yaml").write_text(OWN)
    hook = hook_of(tmp_path, "path: /a, as: trustpilot, mapping: own.yaml, secret: sesame")
    told = hook.translation.translate(b'{"id": "1", "text": "acme", "at": "2026-11-22T18:04:05Z"}', 0)
    assert [mention.id for _, mention in told.mentions] == ["1"]


def test_several_secrets_are_good_at_once(tmp_path):
    hook = hook_of(tmp_path, 'path: /a, as: trustpilot, secret: ["${env:OLD}", "${env:NEW}"]', {"OLD": "a", "NEW": "b"})
    for secret in ("a", "b"):
        assert hook.proof.is_plausible(proofs.Shown({"authorization": f"Bearer {secret}"}, ""), 0)


def test_those_of_one_address_share_it(tmp_path):
    one, two, other = made(tmp_path, WHOLE, WHOLE.replace("/hook", "/two"), WHOLE + ', listen: "127.0.0.1:9999"')
    assert one.porch is two.porch
    assert one.porch is not other.porch


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("path: /a, as: trustpilot", "`secret` is missing"),
        ("as: trustpilot, secret: x", "`path` is missing"),
        ("path: /a, secret: x", "neither `as` nor `mapping` is written; add `as: standard`, meta"),
        ("path: /a, as: trustpilt, secret: x", "no shape is called `trustpilt`; did you mean `trustpilot`?"),
        ("path: a, as: meta, secret: x", "`a` is not a path; begin it with /"),
        ("path: /a/, as: meta, secret: x", "`/a/` is not a path"),
        ('path: "/a?b", as: meta, secret: x', "is not a path"),
        ("path: /a, as: meta, secret: x", "`verify_token` is missing"),
        (WHOLE + ", check: hmac", "`hmac`"),
        (WHOLE + ', header: "X Y"', "is not the name of a header"),
        (WHOLE + ", zone: Paris", "Paris"),
        ("path: /a, as: trustpilot, secret: []", "write at least one"),
    ],
)
def test_a_wrong_entry_is_told_where_and_how_to_mend_it(tmp_path, entry, fault):
    with pytest.raises(RuleFaults) as refused:
        config_of(tmp_path, entry)
    assert fault in str(refused.value)


def test_two_on_one_path_are_told_apart(tmp_path):
    with pytest.raises(RuleFaults, match=r"`/hook` at 127\.0\.0\.1:8789 is s0 already; write another path"):
        config_of(tmp_path, WHOLE, WHOLE)


def test_no_fault_and_no_printing_shows_a_secret(tmp_path):
    with pytest.raises(RuleFaults) as refused:
        config_of(tmp_path, "path: /a, as: meta, secret: {x: sekrit}, verify_token: [sekrit]")
    assert "sekrit" not in str(refused.value)
    assert "sesame" not in repr(config_of(tmp_path, WHOLE))


@pytest.mark.parametrize(
    ("entry", "environment", "said"),
    [
        ('path: /a, as: standard, secret: "${env:KEY}"', {"KEY": "plain words"}, "${env:KEY} is no secret of Standard"),
        ('path: /a, as: trustpilot, secret: "${env:KEY}"', {"KEY": " "}, "${env:KEY} is empty"),
        ('path: /a, as: trustpilot, secret: "${env:KEY}"', {}, "${env:KEY} is not set"),
        ('path: /a, as: meta, secret: x, verify_token: "${env:KEY}"', {"KEY": ""}, "${env:KEY} is empty"),
    ],
)
def test_a_secret_that_is_none_is_named_by_its_placeholder(tmp_path, entry, environment, said):
    with pytest.raises(SecretError) as refused:
        made(tmp_path, entry, environment=environment)
    assert said in str(refused.value.args[0])
    assert "plain words" not in str(refused.value.args[0])


@pytest.mark.parametrize(
    ("entry", "warned"),
    [
        (WHOLE, ""),
        (WHOLE + ", check: address", "the secret stands in the address"),
        (WHOLE + ', listen: "0.0.0.0:8789"', "crosses the network in the clear"),
        (f'path: /a, as: standard, listen: "0.0.0.0:8789", secret: {KEY}', ""),
    ],
)
def test_what_is_unwise_is_warned_of(tmp_path, entry, warned):
    assert warned in "".join(config_of(tmp_path, entry).warnings) if warned else not config_of(tmp_path, entry).warnings


# Mappings as they are written


@pytest.mark.parametrize("name", preset_names())
def test_every_mapping_that_comes_along_is_whole(name):
    mapping = load_preset(name, UTC)
    assert {"text", "created_at", "source", "kind"} <= mapping.fields.keys()
    assert mapping.columns or mapping.shape


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("text: a\ncreated_at: b", "neither `id` nor `url` is written"),
        ("id: a\ncreated_at: b", "neither `text` nor `title` is written"),
        ("id: a\ntext: b", "`created_at` is missing"),
        (OWN + "titel: a", "unknown key `titel`; did you mean `title`?"),
        (OWN + "title: a..b", "`a..b` is not a path; write the keys with dots between"),
        (OWN + "title: {prefix: x}", "neither `at` nor `constant` is written"),
        (OWN + "kind: {constant: tweet}", "`tweet` is not a kind of mention"),
        (OWN + "kind: {at: k, values: {a: tweet}}", "`tweet` is not a kind of mention"),
        ("id: a\ntext: b\ncreated_at: {at: c, dates: [unix]}", "`unix` is not a form of dates"),
        (OWN + "author: {folowers: a}", "did you mean `followers`?"),
    ],
)
def test_a_wrong_mapping_is_told_where_and_how_to_mend_it(tmp_path, text, fault):
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(RuleFaults) as refused:
        load_mapping(tmp_path / "own.yaml", UTC)
    assert fault in str(refused.value)


def test_numbers_and_truths_in_tables_are_what_they_look_like(tmp_path):
    (tmp_path / "own.yaml").write_text(
        OWN + "deleted: {at: gone, values: {1: true, 0: false}}\nonly: {ok: [1, true]}\n"
    )
    mapping = load_mapping(tmp_path / "own.yaml", UTC)
    assert mapping.fields["deleted"].values == {"1": "true", "0": "false"}
    assert mapping.only[0].values == {"1", "true"}


def test_of_the_mappings_that_come_along_one_takes_back_and_only_its_own():
    assert [name for name in preset_names() if "deleted" in load_preset(name, UTC).fields] == ["trustpilot"]
    told = {"id": "x:1", "url": "https://x.com/acme/status/1", "link": "https://x.com/acme/status/1"}
    event = {"eventName": "service-review-deleted", "eventData": told, "url": told["url"]}
    mention = read_item(load_preset("trustpilot", UTC), event, datetime(2026, 11, 25, tzinfo=UTC)).mention
    assert (mention.deleted, names_of(mention)) == (True, ("trustpilot:x:1",))
