"""What the daemon says to who wants somebody forgotten, and what it hears of them afterwards."""

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from stage import MONDAY, House, mention, rules

from buzzwatch.app.oblivion import Oblivion, Wish
from buzzwatch.clock import VirtualClock
from buzzwatch.model.forgotten import FORGOTTEN
from buzzwatch.model.input import RulesSwapped
from buzzwatch.model.instant import HOUR, MINUTE
from buzzwatch.model.mention import Mention

NOON = MONDAY + 12 * HOUR


@pytest.fixture
async def house(tmp_path: Path):
    house = House(tmp_path, VirtualClock(NOON))
    house.open()
    await house.tell(RulesSwapped(0, rules()))
    yield house
    await house.kill()


async def ask(house: House, *authors: str, by: str = "ines", language: str = "en") -> tuple[bool, str]:
    answer = await Oblivion(house.drive, house.record).grant(Wish(authors, by, language))  # type: ignore[arg-type]
    return answer.done, answer.lines[0]


def texts(house: House) -> dict[str, Mention]:
    return {
        told.id: told
        for told in (msgspec.json.decode(body, type=Mention) for (body,) in house.rows("SELECT body FROM content"))
    }


@pytest.mark.parametrize(
    ("authors", "by", "said"),
    [
        (["x:@a-one"], "eve", "there is nobody called 'eve' in oncall.yaml; people are: ines, karim, sophie"),
        (["lea"], "ines", "'lea' is no account: write the platform and the handle or the id, such as x:@lea, x:42"),
        (
            ["x:@Acme_FR"],
            "ines",
            "x:@Acme_FR stands in the rule file of acme: take it out of there and read the rules again",
        ),
        (["x:paper"], "ines", "x:paper stands in the rule file of acme: take it out of there and read the rules again"),
    ],
)
async def test_what_cannot_be_done_changes_nothing(house: House, authors: list[str], by: str, said: str):
    await house.say(mention(NOON, "one"))
    assert await ask(house, *authors, by=by) == (False, said)
    assert set(texts(house)) == {"x:one"}
    assert house.rows("SELECT * FROM forgotten") == []


async def test_it_is_said_in_french_too(house: House):
    assert (await ask(house, "lea", language="fr"))[1].startswith("« lea » n'est pas un compte")


async def test_an_old_post_brings_nothing_back_and_a_new_one_is_heard(house: House):
    old = mention(NOON, "one", angry=True)
    await house.say(old, mention(NOON, "reply", root="x:one"))
    memory = house.drive.spine.memory
    assert (await ask(house, "x:@a-one"))[0]
    assert house.drive.spine.memory is not memory
    assert (await house.say(replace(old, text="acme, edited"))).known == 1
    (gone,) = (post for post in texts(house) if post.startswith(FORGOTTEN))
    assert texts(house)[gone].text == ""
    assert texts(house)["x:reply"].parent == gone
    await house.move(NOON + MINUTE)
    later = replace(mention(NOON + MINUTE, "two", root="x:one"), author=old.author)
    assert (await house.say(later)).accepted == 1
    assert texts(house)["x:two"].parent == texts(house)["x:two"].thread == gone
    slot = house.drive.spine.memory.tracker.slot_of("acme", gone)
    assert slot is not None
    assert house.drive.spine.memory.tracker.mentions(slot) == 3


async def test_forgetting_twice_and_forgetting_nobody_change_nothing(house: House):
    await house.say(mention(NOON, "one"))
    assert (await ask(house, "x:@a-one"))[1].startswith("forgotten: 1 authors, 1 posts; ")
    left = texts(house)
    assert (await ask(house, "x:@a-one", "x:@nobody"))[1].startswith("forgotten: 0 authors, 0 posts; ")
    assert texts(house) == left
