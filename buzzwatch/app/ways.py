"""From a notice's target to the channel that reaches it, and from a notice to its words."""

from concurrent.futures import ThreadPoolExecutor

import structlog
from aiohttp import ClientSession
from msgspec.structs import replace

from buzzwatch.app.channels import SlackRoom
from buzzwatch.app.config import AddressError, Config, url_of
from buzzwatch.app.digest import DigestReader
from buzzwatch.app.latest import News
from buzzwatch.app.links import Links
from buzzwatch.app.secret import SecretError, Secrets
from buzzwatch.clock import Clock
from buzzwatch.delivery.channel import Channel, PermanentDeliveryError, TransientDeliveryError
from buzzwatch.delivery.channels.apprise import AppriseChannel, warm
from buzzwatch.delivery.channels.console import ConsoleChannel
from buzzwatch.delivery.channels.mail import MailChannel, Served
from buzzwatch.delivery.channels.mail_account import is_mail
from buzzwatch.delivery.channels.slack import SlackChannel
from buzzwatch.delivery.courier import AT_ONCE
from buzzwatch.delivery.slack_api import SlackApi
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import ChangeKind, Incident, State
from buzzwatch.model.notification import NO_NEWS, Latest, Lease, Message, Notice, Sample, Standing, Target
from buzzwatch.notify.outage_words import MOST_LINES
from buzzwatch.notify.render import render
from buzzwatch.proxies import open_session
from buzzwatch.rules.written import CONSOLE

_log = structlog.get_logger()


class Ways:
    """Looks an address up when a message leaves, so that a secret changed meanwhile is the new one."""

    def __init__(self, config: Config, secrets: Secrets) -> None:
        self._config = config
        self._secrets = secrets
        self._console = ConsoleChannel()
        self._session: ClientSession | None = None
        self._served = Served()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="send")

    def channel_for(self, target: Target, rules: Ruleset) -> Channel:
        """The way to a target.

        Raises:
            PermanentDeliveryError: nobody and nothing of that name can be reached.
            TransientDeliveryError: a secret is missing, which somebody may still mend.
        """
        if target == Target(CONSOLE):
            return self._console
        channel = None if target.by else self._config.channels.get(target.name)
        if channel and channel.slack:
            return self._slack(channel.slack)
        address = self._person(target, rules) if target.by else (channel.url if channel else None)
        if address is None:
            raise PermanentDeliveryError(f"{target} is in neither oncall.yaml nor the channels of buzzwatch.yaml")
        try:
            url = url_of(address, self._config, self._secrets)
        except SecretError as error:
            raise TransientDeliveryError(str(error)) from None
        except AddressError as error:
            raise PermanentDeliveryError(f"{target}: {error}") from None
        if url == CONSOLE:
            return self._console
        brief = target.by == "sms"
        if is_mail(url) and not brief:
            return MailChannel(url, self._served, self._threads)
        return AppriseChannel(url, self._threads, brief=brief)

    def warm(self, rules: Ruleset) -> None:
        """Load on a thread what the first message would wait for, if any goes that way."""
        addresses = [channel.url for channel in self._config.channels.values()]
        addresses += [address for person in rules.people.values() for address in person.reach.values()]
        if any(address not in {None, CONSOLE} for address in addresses):
            self._threads.submit(warm)

    def _slack(self, room: SlackRoom) -> Channel:
        if self._session is None:
            self._session = open_session()
        try:
            token = self._secrets.resolve(room.token)
        except SecretError as error:
            raise TransientDeliveryError(str(error)) from None
        api = SlackApi(self._session, token, room.api)
        return SlackChannel(api, room.channel, buttons=self._config.slack is not None)

    async def close(self) -> None:
        """Let go of open connections."""
        if self._session is not None:
            await self._session.close()

    def _person(self, target: Target, rules: Ruleset) -> str | None:
        person = rules.people.get(target.name)
        return person.reach.get(target.by) if person else None


class Words:
    """Finds the words of a notice when it leaves: what was erased meanwhile is not said."""

    def __init__(self, links: Links, clock: Clock, news: News) -> None:
        self._links = links
        self._clock = clock
        self._news = news
        self.digest: DigestReader | None = None
        """Finds what digests tell; None: they tell nothing."""

    async def compose(self, lease: Lease) -> Message:
        """The message of a notice."""
        notice = self._with_all_told(lease.notice)
        samples, latest = await self._know(notice.incident)
        person = notice.target.name if notice.target.by else ""
        link = await self._links.url(notice.incident.id, person) if notice.incident.subject.brand else None
        links = {each.id: await self._links.url(each.id, person) for each in _burning(notice)}
        link = next(iter(links.values()), link)
        if notice.marks:
            link = f"{await self._links.url(notice.marks[-1].incident, person)}/marks"
        now, found = self._clock.now(), None
        if self.digest is not None and notice.digest_since is not None:
            found = await self.digest.find(notice, now)
        message = render(
            notice,
            samples,
            link,
            now,
            lease.replaces,
            doubtful=lease.doubtful,
            latest=latest,
            links=links,
            found=found,
        )
        return replace(message, standing=_standing(lease))

    async def _know(self, incident: Incident) -> tuple[list[Sample], Latest]:
        """What is known around it; nothing where that cannot be found: the message leaves all the same."""
        try:
            return await self._news.of(incident)
        except Exception as error:  # noqa: BLE001 - whatever it is, an alert that says less is still one
            _log.error("news_not_found", incident=incident.id, error=type(error).__name__)
            return [], NO_NEWS

    def _with_all_told(self, notice: Notice) -> Notice:
        """With everybody who is told of it by now: others may have been told in the same second."""
        told = [name for name in self._news.stands(notice.incident).told if name != str(notice.target)]
        people = self._news.people
        names = {key: people[key].name for name in told if (key := name.partition("/")[0]) in people}
        also_told = tuple(dict.fromkeys((*notice.also_told, *told)))
        return replace(notice, also_told=also_told, names=names | notice.names)


def _burning(notice: Notice) -> list[Incident]:
    """Of a message that stands for several: those that its reader may take, the worst first."""
    going_on = [incident for incident in notice.night if incident.state is not State.RESOLVED]
    return going_on[:MOST_LINES] if notice.outage else []


def _standing(lease: Lease) -> Standing:
    """Where the daemon's own troubles and tests are concerned, there is nothing to answer."""
    notice, incident = lease.notice, lease.notice.incident
    return Standing(
        incident=incident.id,
        state=incident.state if incident.subject.brand and not notice.test else State.RESOLVED,
        language=notice.language,
        worse=notice.kind in {ChangeKind.WORSENED, ChangeKind.REOPENED} and not notice.page,
        sent_as="" if notice.test else lease.sent_as,
        doubtful=lease.doubtful,
    )
