"""Slack's Web API: one call, and which of its errors are for good.

https://docs.slack.dev/apis/web-api, https://docs.slack.dev/apis/web-api/rate-limits
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout

from buzzwatch.delivery.channel import TransientDeliveryError
from buzzwatch.model.instant import SECOND, Span

_TIMEOUT = ClientTimeout(total=20)
_SERVER_ERROR = 500
_TOO_MANY = 429
_OK = 200
_TRANSIENT = frozenset(
    {"ratelimited", "rate_limited", "message_limit_exceeded", "service_unavailable", "request_timeout"}
    | {"team_added_to_org", "org_login_required"}
)
_HALF_DONE = frozenset({"fatal_error", "internal_error"})
"""Of which Slack says that some of it may have been done."""
_PERMANENT = frozenset(
    {"access_denied", "accesslimited", "account_inactive", "cannot_reply_to_message", "cant_update_message"}
    | {"channel_not_found", "edit_window_closed", "ekm_access_denied", "enterprise_is_restricted"}
    | {"invalid_arguments", "invalid_auth", "invalid_blocks", "invalid_blocks_format", "is_archived", "is_inactive"}
    | {"invalid_metadata_format", "invalid_metadata_schema", "link_disabled", "metadata_must_be_sent_from_app"}
    | {
        "metadata_too_large",
        "message_not_found",
        "messages_tab_disabled",
        "method_deprecated",
        "missing_scope",
        "msg_blocks_too_long",
    }
    | {"msg_too_long", "no_permission", "not_allowed_token_type", "not_authed", "not_in_channel", "restricted_action"}
    | {"restricted_action_non_threadable_channel", "restricted_action_read_only_channel"}
    | {"restricted_action_thread_locked", "restricted_action_thread_only_channel", "team_access_not_granted"}
    | {"team_not_found", "thread_not_found", "token_expired", "token_revoked", "two_factor_setup_required"}
)
"""What no other attempt will change. An error that is in no list is tried again for as long as any."""


class RefusedError(Exception):
    """Slack answered `ok: false` for good; the text is its error code."""


class SlackApi:
    """The methods of one workspace, called with one token. `url` is where they are: another for GovSlack."""

    def __init__(self, session: ClientSession, token: str, url: str) -> None:
        self._session = session
        self._token = token
        self._url = url.rstrip("/")

    async def call(
        self, method: str, body: dict[str, Any] | None = None, query: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """Call a method with JSON to write, or with a query to read; raises as `judge` does."""
        headers = {"Authorization": f"Bearer {self._token}"}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
            data = msgspec.json.encode(body)
        try:
            async with self._session.request(
                "GET" if body is None else "POST",
                f"{self._url}/{method}",
                data=data,
                params=query,
                headers=headers,
                timeout=_TIMEOUT,
                allow_redirects=False,
            ) as answer:
                return judge(answer.status, answer.headers, await answer.read())
        except ClientConnectorError:
            raise TransientDeliveryError("slack cannot be reached") from None
        except (ClientError, TimeoutError):
            raise TransientDeliveryError("slack did not answer", doubtful=True) from None


def judge(status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """What Slack answered.

    Raises:
        RefusedError: it will answer so again.
        TransientDeliveryError: it may answer otherwise later; `doubtful` where it may have done what was asked.
    """
    if status == _TOO_MANY:
        raise TransientDeliveryError(f"slack answered {status}", _retry_after(headers))
    if status >= _SERVER_ERROR:
        raise TransientDeliveryError(f"slack answered {status}", _retry_after(headers), doubtful=True)
    try:
        answer = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        if status != _OK:
            raise RefusedError(str(status)) from None
        raise TransientDeliveryError("slack answered what is no JSON", doubtful=True) from None
    if answer.get("ok") is True:
        return answer
    code = str(answer.get("error", status))[:64]
    code = code if code.replace("_", "").isalnum() else "an unknown error"
    if code in _PERMANENT:
        raise RefusedError(code)
    raise TransientDeliveryError(f"slack answered {code}", _retry_after(headers), doubtful=code in _HALF_DONE)


def _retry_after(headers: Mapping[str, str]) -> Span | None:
    """Whole seconds, as Slack gives them."""
    asked = headers.get("Retry-After", "")
    return int(asked) * SECOND if asked.isascii() and asked.isdigit() and len(asked) < len("1000000") else None
