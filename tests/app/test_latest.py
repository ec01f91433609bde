"""What is known around an incident as its message leaves, from a record and a spine at work."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from stage import House, mention, rules

from buzzwatch.app.latest import News
from buzzwatch.app.links import Links
from buzzwatch.app.ways import Ways, Words
from buzzwatch.clock import VirtualClock
from buzzwatch.delivery.channels.apprise import AppriseChannel
from buzzwatch.delivery.channels.console import ConsoleChannel
from buzzwatch.delivery.channels.mail import MailChannel
from buzzwatch.model.author import Past
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.input import Command, Corrected, Mark, Proposed, RulesSwapped, Silenced, Verb
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, instant_of
from buzzwatch.model.mention import Author
from buzzwatch.model.notification import NO_NEWS, Coming, Deaf, Lease, Target

NOON = instant_of(datetime(2026, 3, 17, 11, tzinfo=UTC))
LEA = Author("42", "@léa/x", "Léa", 200_000)
CRM = "https://crm.example/{source}/{author_id}?h={handle}"


class Desk(House):
    """A house with news; `big` begins an incident of the rule big-voice, `smoke` one that pages."""

    def __init__(self, folder):
        super().__init__(folder, VirtualClock(NOON))
        self.deaf = ()
        scorer = self.drive.hearing.scorer
        self.news = News(self.record, self.clock, scorer, lambda: self.drive.spine.memory, lambda: self.deaf)
        self.open()

    async def follow(self, ruleset: Ruleset):
        await self.tell(RulesSwapped(0, ruleset))

    async def big(self, name="big", author=LEA, **changes):
        await self.say(mention(self.clock.now(), name, angry=True, author=author, **changes))
        await self.move(self.clock.now() + 2 * SECOND)
        return self.incident(f"x:{name}")

    def incident(self, name):
        desk = self.drive.spine.memory.desk.incidents.values()
        return next(i for i in desk if name in i.samples)

    async def smoke(self):
        said = [mention(self.clock.now(), f"s{n}", text="acme : de la fumée en cabine") for n in range(3)]
        await self.say(*said)
        await self.move(self.clock.now() + 2 * SECOND)
        return self.incident("x:s0")

    async def press(self, verb, incident, by="ines"):
        await self.tell(Command(0, verb, incident.id, by))

    async def later(self, span):
        await self.move(self.clock.now() + span)


@pytest.fixture
async def desk(tmp_path):
    desk = Desk(tmp_path)
    brand = replace(rules().brands["acme"], crm_link=CRM)
    await desk.follow(replace(rules(), brands={**rules().brands, "acme": brand}))
    yield desk
    await desk.close()


async def test_posts_are_shown_with_their_authors_past_and_record(desk):
    await desk.say(mention(NOON - 3 * DAY, "old", author=LEA))
    await desk.say(mention(NOON - 3 * DAY + HOUR, "re", author=Author(handle="@acme_fr"), root="x:old"))
    incident = await desk.big()
    (sample,), _ = await desk.news.of(incident)
    assert sample.past == Past(NOON - 3 * DAY, 2, 1, NOON - 3 * DAY, HOUR)
    assert sample.crm_link == "https://crm.example/x/42?h=l%C3%A9a%2Fx"


@pytest.mark.parametrize("author", [Author(handle="@lea", followers=200_000), Author("42", followers=200_000)])
async def test_there_is_no_link_to_a_record_where_part_of_it_is_not_known(desk, author):
    (sample,), _ = await desk.news.of(await desk.big(author=author))
    assert sample.crm_link is None


async def test_of_an_erased_post_nothing_of_its_author_is_shown(desk):
    incident = await desk.big()
    await desk.say(replace(mention(NOON, "big", author=None), deleted=True, text=""))
    (sample,), _ = await desk.news.of(incident)
    assert (sample.text, sample.past, sample.crm_link) == (None, None, None)


async def test_a_root_that_its_author_took_back_is_known(desk):
    await desk.say(mention(NOON, "root"))
    incident = await desk.big(root="x:root")
    thread = replace(incident, subject=replace(incident.subject, thread="x:root"))
    assert not (await desk.news.of(thread))[1].root_gone
    await desk.say(replace(mention(NOON, "root", author=None), deleted=True, text=""))
    assert (await desk.news.of(thread))[1].root_gone
    story = replace(incident, reason=replace(incident.reason, thread="", story="x:root"))
    assert (await desk.news.of(story))[1].root_gone
    assert not (await desk.news.of(incident))[1].root_gone or incident.reason.thread == "x:root"


async def test_who_is_next_is_asked_when_the_message_leaves(desk):
    incident = await desk.smoke()
    at = NOON + SECOND

    async def coming():
        return (await desk.news.of(incident))[1].coming

    assert await coming() == (Coming(at + 5 * MINUTE, "Inès", ("sms",)),)
    await desk.later(6 * MINUTE)
    assert await coming() == (Coming(at + 10 * MINUTE, "Karim", ("push",)),)
    await desk.tell(Silenced(0, "acme", desk.clock.now() + HOUR, "known", "ines"))
    assert await coming() == ()
    await desk.tell(Silenced(0, "acme", desk.clock.now(), "known", "ines"))
    await desk.press(Verb.TAKE, incident)
    assert await coming() == ()


async def test_what_people_found_to_be_nothing_counts_from_the_first_of_the_month(desk):
    async def false_alarms(incident):
        return (await desk.news.of(incident))[1].false_alarms

    dismissed = await desk.big("one")
    assert await false_alarms(dismissed) == 0
    await desk.press(Verb.NO_MATTER, dismissed)
    await desk.later(13 * HOUR)
    denied = await desk.big("two")
    await desk.tell(Corrected(0, "acme", "x:two", Mark.NOT_US, "ines"))
    assert await false_alarms(denied) == 1
    await desk.press(Verb.RESOLVE, denied)
    await desk.later(13 * HOUR)
    real = await desk.big("three")
    await desk.tell(Corrected(0, "acme", "x:three", Mark.NEGATIVE, "ines"))
    assert await false_alarms(real) == 2
    other = await desk.smoke()
    assert await false_alarms(other) == 0
    await desk.later(16 * DAY)
    assert await false_alarms(await desk.big("april")) == 0


async def test_what_was_dismissed_and_came_back_was_no_false_alarm(desk):
    first = await desk.big("one")
    await desk.press(Verb.NO_MATTER, first)
    db = "INSERT INTO change VALUES (?, 99, ?, 'reopened', '{}')"
    await desk.record.write(lambda each: each.execute(db, (first.id, NOON)))
    await desk.later(13 * HOUR)
    assert (await desk.news.of(await desk.big("two")))[1].false_alarms == 0


async def test_the_course_is_the_one_that_the_page_draws_and_what_is_deaf_is_named(desk):
    incident = await desk.smoke()
    desk.deaf = (Deaf("push", NOON),)
    _, latest = await desk.news.of(incident)
    assert len(latest.points) == 48
    assert latest.points[-1].observed == 3
    assert latest.deaf == desk.deaf


async def test_of_our_own_troubles_nothing_is_looked_up(desk):
    incident = await desk.smoke()
    ours = replace(incident, subject=replace(incident.subject, brand=""), samples=())
    assert await desk.news.of(ours) == ([], NO_NEWS)


async def test_marks_that_wait_for_the_morning_are_told_with_what_the_posts_say(desk, tmp_path):
    await desk.move(NOON + 11 * HOUR)
    await desk.say(mention(desk.clock.now(), "kind", text="Acme, quel bonheur"))
    await desk.tell(Proposed(0, "acme-1", "acme", "x:kind", Mark.NOT_NEGATIVE, "ines"))
    await desk.move(NOON + 18 * HOUR)
    (notice,) = [each for _, outcome in desk.outcomes for each in outcome.notices if each.marks]
    words = Words(Links(desk.record, tmp_path, "https://bw.example"), desk.clock, desk.news)
    message = await words.compose(Lease(notice, 0, 0, desk.clock.now()))
    assert "Acme, quel bonheur" in message.text
    assert "effacé" not in message.text


async def test_everybody_told_by_now_is_named(desk, tmp_path):
    await desk.smoke()
    notices = [notice for _, outcome in desk.outcomes for notice in outcome.notices]
    copy = next(notice for notice in notices if not notice.target.by)
    assert copy.also_told == ()
    words = Words(Links(desk.record, tmp_path, "https://bw.example"), desk.clock, desk.news)
    message = await words.compose(Lease(copy, 0, 0, NOON))
    assert "Aussi prévenus" in message.text
    assert "Inès (push)" in message.text
    assert message.picture is not None
    assert message.subject.startswith("Acme")


async def test_a_message_leaves_though_nothing_can_be_found_around_it(desk, tmp_path):
    await desk.smoke()
    notice = next(notice for _, outcome in desk.outcomes for notice in outcome.notices if notice.page)
    await desk.record.write(lambda db: db.execute("DROP TABLE author"))
    words = Words(Links(desk.record, tmp_path, "https://bw.example"), desk.clock, desk.news)
    message = await words.compose(Lease(notice, 0, 0, NOON))
    assert message.title.startswith("CRITIQUE")
    assert "https://bw.example/i/" in message.text


@pytest.mark.parametrize(
    ("address", "by", "kind"),
    [
        ("mailto://u@h.example?to=a@b.example", "email", MailChannel),
        ("mailto://u@h.example?to=33612345678@sms.example", "sms", AppriseChannel),
        ("mailto://u@h.example?pgp=sign", "email", AppriseChannel),
        ("mailgun://u@h.example/key", "email", AppriseChannel),
        ("console", "email", ConsoleChannel),
    ],
)
def test_letters_of_ours_go_by_mail_servers_and_all_else_as_before(address, by, kind):
    class Bare:
        channels = ()
        mail = None
        slack = None

    class Plain:
        def resolve(self, text):
            return text

    ines = replace(rules().people["ines"], reach={by: address})
    people = replace(rules(), people={"ines": ines})
    assert isinstance(Ways(Bare(), Plain()).channel_for(Target("ines", by), people), kind)
