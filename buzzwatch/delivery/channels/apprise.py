"""Messages through Apprise's plug-ins, some 180 services.

Apprise answers only yes or no. What the other side answered is heard beside it: HTTP answers where its plug-ins send
their requests, SMTP answers in its debug log. That decides whether another attempt may help.
"""

import asyncio
import logging
import re
import ssl
from collections.abc import Mapping
from concurrent.futures import Executor
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from functools import cache, partial, wraps
from types import ModuleType
from typing import Any

from yarl import URL

from buzzwatch.delivery.channel import PermanentDeliveryError, TransientDeliveryError
from buzzwatch.model.incident import Severity
from buzzwatch.model.instant import SECOND, Span
from buzzwatch.model.notification import Message
from buzzwatch.notify.quoting import cut
from buzzwatch.proxies import proxy_for
from buzzwatch.rules.words import Said, Words

KEY_HEADER = "X-Buzzwatch-Key"
"""Carries the message's key where a service lets us add headers."""
_MAIL = frozenset(
    {"mailto", "mailtos", "mailgun", "sendgrid", "ses", "smtp2go", "sparkpost", "resend", "brevo", "postmark"}
    | {"mailersend", "sendpulse", "azure", "o365"}
)
_BRIEF = frozenset(
    {"twilio", "sns", "notifyre", "mobilemessage", "mobilemsg", "smstunnel", "smseagle", "smseagles", "eight00com"}
    | {"telesign", "kaleyra", "klr"}
)
"""SMS services that Apprise does not show to be such by the length they take."""
_BRIEF_LENGTH = 400
_SCHEMA = re.compile(r"\s*([a-z][a-z0-9+.-]{0,30})://", re.IGNORECASE)
_SMTP_RECORD = ("Socket Exception", "SMTP recipient")
_UNREACHED = re.compile(r"\[Errno (?:-\d+|101|111|113)\]|NewConnectionError|ConnectTimeout")
"""No such name, no way there, nobody listens: nothing can have left."""
_PROXY = re.compile(r"ProxyError.*?(?:Tunnel connection failed: (\d{3})|$)", re.DOTALL)
_SMTP_CODE = re.compile(r"\b([45]\d\d),? b['\"]")
_RETRIED_HTTP = frozenset({408, 425, 429})
_SERVER_ERROR = 500
_FAILURE = 400
_SUCCESS = range(200, 300)


class Witness:
    """What the other side answered during one send: codes of HTTP or SMTP, the two sorted alike but for the digit."""

    def __init__(self) -> None:
        self._refused: set[int] = set()
        self._again: set[int] = set()
        self._retry_after: Span | None = None
        self._unreached = self._silent = self._broke = False
        self._proxy = ""

    def hear_http(self, status: int, headers: Mapping[str, str]) -> None:
        """An answer to a request."""
        if status in _SUCCESS:
            return
        if status in _RETRIED_HTTP or status >= _SERVER_ERROR:
            self._again.add(status)
            self._broke = self._broke or status >= _SERVER_ERROR
            asked = _span_asked(headers.get("Retry-After", ""), headers.get("Date", ""))
            if asked is not None:
                self._retry_after = max(asked, self._retry_after or 0)
        else:
            self._refused.add(status)

    def hear_nothing(self, error: str) -> None:
        """No answer, and how that showed."""
        if proxy := _PROXY.match(error):
            self._unreached = True
            self._proxy = f"the proxy answered {proxy[1]}" if proxy[1] else "the proxy did not answer"
        elif _UNREACHED.search(error):
            self._unreached = True
        else:
            self._silent = True

    def hear_smtp(self, record: str) -> None:
        """A line of the log that quotes a mail server, or says that it was not reached."""
        if _UNREACHED.search(record):
            self._unreached = True
        for code in map(int, _SMTP_CODE.findall(record)):
            (self._refused if code >= _SERVER_ERROR else self._again).add(code)

    def error(self, schema: str) -> PermanentDeliveryError | TransientDeliveryError:
        """Why the send failed: for good only if every answer was."""
        if self._again:
            codes = ", ".join(map(str, sorted(self._again)))
            doubtful = self._broke or self._silent
            return TransientDeliveryError(f"{schema}:// answered {codes}", self._retry_after, doubtful=doubtful)
        if self._refused and not self._silent:
            return PermanentDeliveryError(f"{schema}:// answered {', '.join(map(str, sorted(self._refused)))}")
        doubtful = self._silent or not self._unreached
        if self._proxy:
            return TransientDeliveryError(f"{schema}:// was not reached: {self._proxy}", doubtful=doubtful)
        return TransientDeliveryError(f"{schema}:// did not answer, or did not say why it failed", doubtful=doubtful)


_witness: ContextVar[Witness | None] = ContextVar("buzzwatch_delivery_witness", default=None)


class AppriseChannel:
    """One Apprise URL.

    `brief` sends the SMS form even where the service takes long texts. `executor` runs the blocking plug-ins; without
    one, the loop's own does.
    """

    def __init__(self, url: str, executor: Executor | None = None, *, brief: bool = False) -> None:
        self._url = url.strip()
        self._executor = executor
        self._brief = brief

    def __repr__(self) -> str:
        return f"AppriseChannel({schema_of(self._url)}://…)"

    async def send(self, message: Message) -> None:
        """See `Channel`."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._executor, partial(_send, self._url, message, brief=self._brief))


def warm() -> None:
    """Load what the first message would wait for: Apprise, and its plug-ins with their many imports."""
    _load().Apprise.instantiate("json://localhost")


def schema_of(url: str) -> str:
    """The service of an Apprise URL ("mailto"), or "" if it is none."""
    found = _SCHEMA.match(url)
    return found[1].lower() if found else ""


def is_brief(url: str) -> bool:
    """Whether a service takes text messages; blocks while Apprise is loaded. False for a URL that it refuses."""
    service = _load().Apprise.instantiate(url.strip())
    return service is not None and _takes_little(service, schema_of(url))


def refusal(url: str) -> tuple[Words, Words] | None:
    """What is wrong with a URL, without it, and what to do; None where Apprise takes it. Blocks likewise."""
    apprise = _load()
    schema = schema_of(url)
    if apprise.Apprise.instantiate(url.strip()) is not None:
        return None
    known = schema in apprise.manager_plugins.NotificationManager().schemas()
    said = "Apprise refuses this {schema}:// URL" if known else "Apprise knows no service `{schema}://`"
    return Said(said, {"schema": schema}), "see https://appriseit.com/services/ for its form"


def _takes_little(service: Any, schema: str) -> bool:  # noqa: ANN401 - as in `_content`
    return schema in _BRIEF or service.body_maxlen <= _BRIEF_LENGTH


def service_of(url: str) -> Any:  # noqa: ANN401 - what its plug-ins have in common is not in their types
    """The plug-in that a URL names, filled with what the URL says. Blocks: the first one loads Apprise.

    Raises:
        PermanentDeliveryError: Apprise refuses the URL.
    """
    apprise = _load()
    asset = apprise.AppriseAsset(app_id="buzzwatch", app_desc="buzzwatch", image_url_mask="", async_mode=False)
    service = apprise.Apprise.instantiate(url, asset=asset)
    if service is None:
        raise PermanentDeliveryError(
            f"Apprise refuses this {schema_of(url) or '(no schema)'}:// URL; try it with `apprise --dry-run`, and see "
            "https://appriseit.com/services/ for its form"
        )
    return service


def _send(url: str, message: Message, *, brief: bool) -> None:
    apprise, schema, service = _load(), schema_of(url), service_of(url)
    service.retry, service.optional = 0, False  # the courier retries, and a failure is never fine
    if "headers" in service.template_kwargs:
        service.headers = {**service.headers, KEY_HEADER: message.key}
    witness = Witness()
    token = _witness.set(witness)
    try:
        sent = apprise.Apprise(service).notify(**_content(apprise, service, schema, message, brief=brief))
    finally:
        _witness.reset(token)
    if not sent:
        raise witness.error(schema)


def _content(
    apprise: ModuleType,
    service: Any,  # noqa: ANN401 - see service_of
    schema: str,
    message: Message,
    *,
    brief: bool,
) -> dict[str, Any]:
    tones: dict[Severity | None, Any] = {
        Severity.CRITICAL: apprise.NotifyType.FAILURE,
        Severity.WARNING: apprise.NotifyType.WARNING,
    }
    content = {
        "title": message.title,
        "body": message.text,
        "body_format": apprise.NotifyFormat.TEXT,
        "notify_type": tones.get(message.severity, apprise.NotifyType.INFO),
    }
    if brief or _takes_little(service, schema):
        return content | {"title": "", "body": message.short}
    if schema in _MAIL:
        return content | {"body": message.html, "body_format": apprise.NotifyFormat.HTML}
    return content | {"body": _fitting(message, service.body_maxlen - len(message.title))}


def _fitting(message: Message, room: int) -> str:
    """The text; one that is too long for the service, which would refuse it whole, begins with what holds the link."""
    if len(message.text) <= room:
        return message.text
    return f"{message.short}\n\n{cut(message.text, max(1, room - len(message.short) - 2))}"


@cache
def _load() -> ModuleType:
    """Import Apprise (1.5 s: never on the loop) and listen beside it, once.

    Its debug records hold payloads and its HTTP library's hold addresses that are secrets: neither goes any further
    than to our ear.
    """
    import apprise  # noqa: PLC0415 - costs 1.5 s
    import apprise.manager_plugins  # noqa: PLC0415 - comes with it
    import requests  # noqa: PLC0415 - comes with it

    logger = logging.getLogger("apprise")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(_Ear())
    logging.getLogger("urllib3").setLevel(logging.ERROR)

    send = requests.Session.send

    @wraps(send)
    def send_and_hear(
        session: requests.Session,
        request: requests.PreparedRequest,
        **options: Any,  # noqa: ANN401 - passed on
    ) -> requests.Response:
        witness = _witness.get()
        options["proxies"] = _proxies(request.url or "")
        if options.get("verify") is True:
            options["verify"] = _authorities()
        try:
            response = send(session, request, **options)
        except requests.RequestException as error:
            if witness:
                witness.hear_nothing(f"{type(error).__name__} {error!r}")
            raise
        if witness:
            witness.hear_http(response.status_code, response.headers)
        return response

    requests.Session.send = send_and_hear  # type: ignore[assignment]
    return apprise


def _proxies(url: str) -> dict[str, str]:
    """For requests: the same one for whatever the address is, or none."""
    proxy = proxy_for(URL(url))
    return {} if proxy is None else dict.fromkeys(("http", "https"), str(proxy))


def _authorities() -> str | bool:
    """Whom the system trusts, as everything else of ours does; True, requests' own list, where the system has none."""
    paths = ssl.get_default_verify_paths()
    return paths.cafile or paths.capath or True


class _Ear(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        witness = _witness.get()
        if witness and str(record.msg).startswith(_SMTP_RECORD):
            witness.hear_smtp(record.getMessage())


def _span_asked(retry_after: str, date: str) -> Span | None:
    """Seconds, or an HTTP date (RFC 9110, 10.2.3) taken from the answer's own date; None for anything else."""
    if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < len("1000000000"):
        return int(retry_after) * SECOND
    try:
        asked = parsedate_to_datetime(retry_after) - parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return None
    return max(0, int(asked.total_seconds())) * SECOND
