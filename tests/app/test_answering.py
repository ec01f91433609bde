"""People answer a running daemon, through what pages and commands ask of it."""

import asyncio
import json
import re

import pytest

from buzzwatch.app.explain.incident import explain
from buzzwatch.model.input import Gap, Verb
from buzzwatch.model.instant import MINUTE, moment_of, next_second
from buzzwatch.store.database import open_for_reading
from buzzwatch.web.desk import Hush, Reply

PATIENCE_S = 20
RULES = (
    "brand: acme\nmatch: {any: [acme]}\n"
    "rules: [{name: v, when: {mention: {negativity: 0.0}}, severity: critical, notify: oncall}]\n"
)
ONCALL = """
people:
  ines: {name: Inès, language: fr, reach: {sms: console}}
  karim: {name: Karim, reach: {sms: console}}
routes: {oncall: {steps: [{after: 0m, tell: ines}], copy: [console]}}
help: [karim]
"""


@pytest.fixture
async def incident(daemon):
    now = moment_of(daemon.clock.now()).isoformat()
    told = {"id": "x:1", "text": "acme: honteux, scandale", "created_at": now, "lang": "fr"}
    await asyncio.wait_for(daemon.queue.submit("push", json.dumps(told).encode()), PATIENCE_S)
    due = next_second(daemon.clock.now())
    await daemon.clock.wait_until(due + 1)
    later = Gap(0, "push", due, due)  # comes after the tick that decides
    await asyncio.wait_for(daemon.queue.tell(later), PATIENCE_S)
    return next(iter(daemon.drive.spine.memory.desk.incidents))


async def answer(daemon, verb, incident, by="ines", **more):
    said = await asyncio.wait_for(daemon.reception.answer(Reply(verb, incident, by, **more)), PATIENCE_S)
    return said.done, said.lines


def coming(daemon):
    return f"{moment_of(daemon.clock.now() + 90 * MINUTE):%H:%M}"


async def test_every_answer_is_carried_out_and_one_that_cannot_be_says_why(daemon, incident):
    wait = {"until": coming(daemon), "why": "le communiqué part"}
    assert await answer(daemon, Verb.HELP, incident) == (
        True,
        (f"{incident}: taken by ines", "told: console, ines/sms, karim/sms"),
    )
    assert await answer(daemon, Verb.WAIT, incident, "karim", **wait) == (True, (f"{incident}: taken by karim",))
    assert await answer(daemon, Verb.SNOOZE, incident, span="15m") == (True, (f"{incident}: taken by ines",))
    assert await answer(daemon, Verb.SNOOZE, incident, span="15m") == (True, (f"{incident}: taken by ines",))
    for span in ("", "2h", "soon"):
        done, (why,) = await answer(daemon, Verb.SNOOZE, incident, span=span)
        assert (done, why.startswith(f"{span!r} is no snooze: write 15m")) == (False, True)
    assert (await answer(daemon, Verb.WAIT, incident, span="1h", why="on vérifie les faits"))[0]
    done, (why,) = await answer(daemon, Verb.WAIT, incident, until="soon", why="x")
    assert (done, why) == (False, "'soon' is no time of the next 24 hours: write it as 23:40")
    assert not (await answer(daemon, Verb.WAIT, incident, until=coming(daemon)))[0]
    assert (await answer(daemon, Verb.TAKE, "acme-0"))[1][0].startswith("there is no incident 'acme-0' open")
    assert (await answer(daemon, Verb.TAKE, incident, "eve"))[1][0].startswith("there is nobody called 'eve'")
    assert await answer(daemon, Verb.NO_MATTER, incident) == (True, (f"{incident}: resolved by ines",))
    assert await answer(daemon, Verb.TAKE, incident) == (False, (f"{incident} is closed already",))


async def test_a_silence_is_listed_shown_where_it_hides_something_and_ended(daemon, incident):
    reception = daemon.reception
    assert reception.silences().lines == ("nothing is silenced",)
    said = await reception.silence(Hush("acme", "karim", coming(daemon), "exercice"))
    assert said.done
    assert re.fullmatch(r"acme: silenced by karim until .* \(UTC\): exercice; hides nothing", said.lines[0])
    page = await reception.page((await daemon.links.url(incident, "ines")).rpartition("/")[2])
    assert (page.silence.by, page.person) == ("karim", "ines")
    assert reception.status()["silences"][0]["what"] == "acme"
    with open_for_reading(daemon.config.state) as db:
        assert any("noted by karim: silence: exercice" in line for line in explain(db, incident))
    db.close()
    assert (await reception.silence(Hush("acme", "ines", ends=True))).lines == ("acme: the silence is over",)
    assert not (await reception.silence(Hush("acme", "ines", ends=True))).done


@pytest.mark.parametrize(
    ("hush", "why"),
    [
        (Hush("zephyr", "ines", "23:40", "x"), "'zephyr' is neither a brand nor an open incident"),
        (Hush("acme", "ines", "tomorrow", "x"), "'tomorrow' is no time of the next 30 days"),
        (Hush("acme", "ines", "2126-01-01 08:00", "x"), "'2126-01-01 08:00' is no time of the next 30 days"),
        (Hush("acme", "ines", "23:40"), "say why"),
        (Hush("acme", "eve", "23:40", "x"), "there is nobody called 'eve'"),
    ],
)
async def test_a_silence_that_makes_no_sense_is_refused_with_what_is_valid(daemon, hush, why):
    said = await daemon.reception.silence(hush)
    assert not said.done
    assert said.lines[0].startswith(why)


async def test_revoked_links_open_nothing(daemon, incident):
    code = (await daemon.links.url(incident, "ines")).rpartition("/")[2]
    assert await daemon.reception.page(code) is not None
    assert (await daemon.reception.revoke(incident)).done
    assert await daemon.reception.page(code) is None
    assert not (await daemon.reception.revoke("acme-0")).done
