import time

import msgspec
import pytest
from mastodon_stand_in import MastodonStandIn
from test_mastodon import brand

from buzzwatch.model.mention import Kind
from buzzwatch.sources.mastodon.memory import Memory
from buzzwatch.sources.mastodon.sieve import Sieve
from buzzwatch.sources.mastodon.streams import MOST, chosen, hashtags_of
from buzzwatch.sources.mastodon.wire import Status


@pytest.fixture
def world():
    return MastodonStandIn()


@pytest.fixture
def sift(intake):
    """What becomes of an entity."""
    intake.wanted.brands = {"acme": brand()}

    async def nobody(_local):
        return None

    sieve = Sieve(intake.wanted, Memory({}), "mastodon.example", nobody)
    strict = Sieve(intake.wanted, Memory({}), "mastodon.example", nobody, only_indexable=True)

    async def sift_one(entity, *, only_indexable=False):
        status = msgspec.convert(entity, Status)
        return (await (strict if only_indexable else sieve).sift(status))[0]

    return sift_one


@pytest.mark.parametrize(
    ("more", "text", "title"),
    [
        ({"spoiler_text": "Acme, encore"}, "rien", "Acme, encore"),
        ({"media_attachments": [{"description": "un avion acme"}, {"description": None}]}, "rien\nun avion acme", None),
        ({"poll": {"options": [{"title": "Acme"}, {"title": "Bolt"}]}}, "rien\nAcme\nBolt", None),
    ],
)
async def test_a_brand_is_found_in_warnings_pictures_and_polls(world, sift, more, text, title):
    mention = await sift(world.post("<p>rien</p>", **more))
    assert (mention.text, mention.title) == (text, title)


async def test_a_text_of_more_marks_than_anybody_can_read_is_passed_over_at_once(world, sift):
    began = time.process_time()
    assert await sift(world.post("<p>acme" + "\u0300\u0327" * 20_000)) is None
    assert await sift(world.post("<p>acme</p>", spoiler_text="x" + "\u0300\u0327" * 200_000)) is None
    assert time.process_time() - began < 1  # put in order, they take minutes


@pytest.mark.parametrize("visibility", ["unlisted", "private", "direct", "limited"])
async def test_only_what_is_public_is_taken(world, sift, visibility):
    assert await sift(world.post("<p>acme</p>", visibility=visibility)) is None


@pytest.mark.parametrize(
    "account",
    [
        {"noindex": True},
        {"note": "<p>no thanks #nobot</p>"},
        {"note": '<a href="https://m.example/tags/nobots" class="mention hashtag">#<span>NoBots</span></a>'},
        {"note": "#noindex"},
    ],
)
async def test_who_asks_to_be_left_alone_is(world, sift, account):
    assert await sift(world.post("<p>acme</p>", account=account)) is None


async def test_who_never_agreed_to_be_found_is_left_out_where_that_is_asked_for(world, sift):
    quiet, open_one = {"indexable": False}, {"indexable": True}
    assert await sift(world.post("<p>acme</p>", account=quiet)) is not None
    assert await sift(world.post("<p>acme</p>", account=quiet), only_indexable=True) is None
    assert await sift(world.post("<p>acme</p>", account=open_one), only_indexable=True) is not None


async def test_a_boost_belongs_to_what_is_boosted(world, sift):
    root = world.post("<p>acme est en panne</p>")
    boost = world.post("<p>acme est en panne</p>", acct="max@other.example", reblog=root)
    mention = await sift(boost)
    assert (mention.kind, mention.parent, mention.thread) == (Kind.REPOST, name_of(root), name_of(root))
    assert (mention.id, mention.text) == (name_of(boost), "acme est en panne")
    assert mention.author.handle == "max@other.example"


async def test_a_boost_of_what_is_not_public_is_none_of_ours(world, sift):
    root = world.post("<p>acme</p>", visibility="private")
    assert await sift(world.post("", reblog=root)) is None


async def test_a_quote_hangs_on_what_it_quotes(world, sift):
    root = world.post("<p>acme est en panne</p>")
    assert await sift(root) is not None
    quote = world.post("<p>incroyable</p>", quote={"state": "accepted", "quoted_status": root})
    mention = await sift(quote)
    assert (mention.kind, mention.parent, mention.thread) == (Kind.QUOTE, name_of(root), name_of(root))


async def test_a_quote_that_may_not_be_shown_is_a_post(world, sift):
    mention = await sift(world.post("<p>acme</p>", quote={"state": "revoked", "quoted_status": None}))
    assert (mention.kind, mention.parent) == (Kind.POST, None)


async def test_numbers_that_are_hidden_or_missing_are_unknown(world, sift):
    mention = await sift(world.post("<p>acme</p>", account={"followers_count": -1}, favourites_count=None))
    assert (mention.author.followers, mention.engagement.likes) == (None, None)


async def test_other_rules_in_force_ask_for_other_names(world, sift, intake):
    assert await sift(world.post("<p>newco</p>")) is None
    intake.wanted.brands, intake.wanted.digest = {"newco": brand("newco", key="newco")}, "second"
    assert await sift(world.post("<p>newco</p>")) is not None


def name_of(status):
    return f"mastodon:{status['uri']}"


def test_hashtags_are_names_in_one_word_without_accents():
    assert hashtags_of(brand("Élan Vital", "l'élan-vital", "@acme_fr", "2026", "!!")) == [
        "elanvital",
        "lelanvital",
        "acme_fr",
    ]


def test_streams_are_those_written_and_so_many_at_most():
    brands = {str(number): brand(f"name{number}", key=str(number)) for number in range(150)}
    streams = chosen(("public", "hashtag:Acme", "hashtags"), brands)
    assert streams[:3] == ["public", "hashtag:acme", "hashtag:name0"]
    assert len(streams) == MOST
