"""The adapter for each configured source."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from buzzwatch.app.config import Config
from buzzwatch.app.origins.bluesky import Bluesky
from buzzwatch.app.origins.feed import Feed
from buzzwatch.app.origins.http import Http
from buzzwatch.app.origins.mastodon import Mastodon
from buzzwatch.app.origins.mqtt import Mqtt
from buzzwatch.app.origins.source import Source as Entry
from buzzwatch.app.origins.webhook import META, STANDARD, Webhook
from buzzwatch.app.origins.x import X
from buzzwatch.app.secret import SecretError, Secrets
from buzzwatch.model.instant import SECOND
from buzzwatch.rules.words import Said
from buzzwatch.sources.intake import Source

if TYPE_CHECKING:
    from buzzwatch.sources.webhook.proof import Proof
    from buzzwatch.sources.webhook.shape import Translation


def make_sources(config: Config, secrets: Secrets) -> dict[str, Source]:
    """Every configured source by name. Raises `SecretError`."""
    made = {name: make_source(name, entry, secrets) for name, entry in config.sources.items()}
    if any(entry.webhook for entry in config.sources.values()):
        from buzzwatch.sources.webhook.adapter import Webhook, share_porches  # noqa: PLC0415 - see `make_source`

        share_porches(source for source in made.values() if isinstance(source, Webhook))
    return made


def make_source(name: str, entry: Entry, secrets: Secrets) -> Source:
    """The adapter for one entry of `sources`; its library is loaded for it alone. Raises `SecretError`."""
    made: Source = _MAKERS[entry.kind](name, entry.origin, secrets)
    return made


def _mqtt(name: str, origin: Mqtt, secrets: Secrets) -> Source:
    from buzzwatch.sources.mqtt.adapter import Mqtt as Adapter  # noqa: PLC0415 - see `make_source`
    from buzzwatch.sources.mqtt.broker import Broker, Version  # noqa: PLC0415

    return Adapter(
        name,
        Broker(
            host=origin.host,
            port=origin.port,
            version=Version(origin.version),
            tls=origin.tls,
            user=secrets.resolve(origin.user) if origin.user else None,
            password=secrets.resolve(origin.password) if origin.password else None,
            topics=origin.topics,
            client_id=origin.client_id or f"buzzwatch-{name}",
            ca_file=str(origin.ca_file) if origin.ca_file else None,
            session_expiry=origin.session_expiry // SECOND,
        ),
    )


def _http(name: str, origin: Http, secrets: Secrets) -> Source:
    from buzzwatch.sources.http import Http as Adapter  # noqa: PLC0415 - see `make_source`
    from buzzwatch.sources.http import Listen  # noqa: PLC0415

    return Adapter(name, Listen.at(origin.listen, *(_filled(token, secrets) for token in origin.token)))


def _mastodon(name: str, origin: Mastodon, secrets: Secrets) -> Source:
    from buzzwatch.sources.mastodon.adapter import Instance  # noqa: PLC0415 - see `make_source`
    from buzzwatch.sources.mastodon.adapter import Mastodon as Adapter  # noqa: PLC0415

    token = secrets.resolve(origin.token).strip()
    if not token or not token.isascii() or not token.isprintable():
        raise SecretError(f"{name}: the token is empty, or none: copy it from Preferences, Development")
    return Adapter(
        name,
        Instance(
            url=origin.url,
            token=token,
            streams=origin.streams,
            only_indexable=origin.only_indexable,
            allow=origin.allow,
        ),
    )


def _feed(name: str, origin: Feed, secrets: Secrets) -> Source:
    from buzzwatch.sources.feed.adapter import Feed as Adapter  # noqa: PLC0415 - see `make_source`
    from buzzwatch.sources.feed.line import Habits, Subscription  # noqa: PLC0415

    subscriptions = [Subscription(address=secrets.resolve(url), label=label) for url, label in origin.addresses]
    return Adapter(name, subscriptions, Habits(every=origin.every, allow=origin.allow, brand=origin.brand))


def _bluesky(name: str, origin: Bluesky, _secrets: Secrets) -> Source:
    from buzzwatch.sources.bluesky.adapter import Bluesky as Adapter  # noqa: PLC0415 - see `make_source`
    from buzzwatch.sources.bluesky.adapter import Jetstream  # noqa: PLC0415

    where = Jetstream(hosts=origin.hosts, wire=origin.wire, profiles=origin.profiles, allow=origin.allow)
    return Adapter(name, where)


def _webhook(name: str, origin: Webhook, secrets: Secrets) -> Source:
    from buzzwatch.sources.webhook.adapter import Hook, Porch  # noqa: PLC0415 - see `make_source`
    from buzzwatch.sources.webhook.adapter import Webhook as Adapter  # noqa: PLC0415

    hook = Hook(
        path=origin.path,
        proof=_proof(origin, secrets),
        translation=_translation(origin),
        brand=origin.brand,
        verify_token=_filled(origin.verify_token, secrets) if origin.verify_token else None,
    )
    return Adapter(name, Porch(origin.listen), hook)


def _proof(origin: Webhook, secrets: Secrets) -> "Proof":
    from buzzwatch.sources.webhook import proof as proofs  # noqa: PLC0415 - see `make_source`

    known = [_filled(secret, secrets) for secret in origin.secret]
    match origin.proof:
        case "standard":
            try:
                return proofs.Standard(known)
            except ValueError:
                said = (
                    "{placeholder} is no secret of Standard Webhooks: write whsec_ and the base64 of 16 bytes or more"
                )
                raise SecretError(Said(said, {"placeholder": " or ".join(origin.secret)})) from None
        case "meta":
            return proofs.Meta(known)
        case "header":
            return proofs.Header(known, origin.header)
        case "basic":
            return proofs.Basic(known, _filled(origin.user, secrets))
        case "address":
            return proofs.Address(known)
    return proofs.Bearer(known)


def _translation(origin: Webhook) -> "Translation | None":
    from buzzwatch.app.mapping_file import load_mapping, load_preset  # noqa: PLC0415 - see `make_source`
    from buzzwatch.sources.webhook.shape import ByMapping, ByMeta  # noqa: PLC0415

    zone = ZoneInfo(origin.zone or "UTC")
    if origin.mapping is not None:
        return ByMapping(load_mapping(origin.mapping, zone))
    if origin.shape in {None, STANDARD}:
        return None
    return ByMeta() if origin.shape == META else ByMapping(load_preset(origin.shape or "", zone))


def _filled(text: str, secrets: Secrets) -> str:
    """A secret that is there. Raises `SecretError`."""
    found = secrets.resolve(text)
    if not found.strip():
        raise SecretError(
            Said("{placeholder} is empty: whoever sends nothing would be believed", {"placeholder": text})
        )
    return found


def _x(name: str, origin: X, secrets: Secrets) -> Source:
    from buzzwatch.sources.x.account import Account  # noqa: PLC0415
    from buzzwatch.sources.x.adapter import X as Adapter  # noqa: PLC0415 - see `make_source`

    token = secrets.resolve(origin.token).strip()
    if not token:
        raise SecretError(f"{origin.token} is empty: put the Bearer Token of the developer console there")
    return Adapter(
        name,
        Account(
            token=token,
            posts_a_day=origin.posts_a_day,
            posts_a_month=origin.posts_a_month,
            rules=origin.rules,
            rule_length=origin.rule_length,
            query_length=origin.query_length,
            catch_up=origin.catch_up,
            backfill_minutes=origin.backfill_minutes,
            url=origin.url,
            allow=origin.allow,
        ),
    )


_MAKERS: Mapping[str, Any] = {
    "mqtt": _mqtt,
    "http": _http,
    "mastodon": _mastodon,
    "feed": _feed,
    "bluesky": _bluesky,
    "webhook": _webhook,
    "x": _x,
}
