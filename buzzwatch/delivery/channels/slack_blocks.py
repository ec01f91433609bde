"""What a message looks like in Slack: Block Kit blocks, and the plain text that stands for them.

Block Kit: https://docs.slack.dev/reference/block-kit. Escaping and mentions:
https://docs.slack.dev/messaging/formatting-message-text.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from buzzwatch.delivery.channels.slack_menu import menu
from buzzwatch.model.incident import State
from buzzwatch.model.input import Verb
from buzzwatch.model.notification import Message, Picture, Standing

EVENT_TYPE = "buzzwatch_notice"
"""Of the metadata by which a message of ours is recognised."""
LONGEST_TEXT = 3_900
"""Slack recommends at most 4,000 characters."""
_LONGEST_HEADER = 150
_LONGEST_SECTION = 3_000
_MOST_SECTIONS = 40
_BARS = "▁▂▃▄▅▆▇█"
_MOST_BARS = 32
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LINK = re.compile(r"https?://[^\s<>|]+")
_ANSWERS: Mapping[State, tuple[Verb, ...]] = {
    State.OPEN: (Verb.TAKE, Verb.RESOLVE),
    State.TAKEN: (Verb.RESOLVE,),
    State.RESOLVED: (),
}
_LABELS = {
    "en": {Verb.TAKE: "I take it", Verb.RESOLVE: "It is over"},
    "fr": {Verb.TAKE: "Je prends", Verb.RESOLVE: "C’est clos"},
}


def escape(text: str, limit: int) -> str:
    """Text of which Slack makes no mention, channel or link; shortened so that it has at most `limit` characters."""
    while len(escaped := text.translate(_ESCAPES)) > limit:
        text = text[: len(text) - max(1, (len(escaped) - limit) // 5)]
    return escaped


def content(message: Message, *, buttons: bool) -> dict[str, Any]:
    """The arguments by which `chat.postMessage` and `chat.update` show a message."""
    return {
        "text": escape(f"{message.title}\n\n{message.text}", LONGEST_TEXT),
        "blocks": list(_blocks(message, buttons=buttons)),
        **plainly(message),
    }


def reply(message: Message) -> dict[str, Any]:
    """The arguments of `chat.postMessage` by which a message's one line is put below an earlier one."""
    return {"text": escape(message.title, LONGEST_TEXT), **plainly(message)}


def plainly(message: Message) -> dict[str, Any]:
    """Nothing unfurled, no names looked for in the text, and the key by which the message is found again."""
    return {
        "parse": "none",
        "unfurl_links": False,
        "unfurl_media": False,
        "metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": message.key}},
    }


def key_of(shown: Mapping[str, Any]) -> str | None:
    """The key of a message as Slack lists it, None if it is none of ours."""
    metadata = shown.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return None
    key = (metadata.get("event_payload") or {}).get("key")
    return key if isinstance(key, str) else None


def _blocks(message: Message, *, buttons: bool) -> Iterable[dict[str, Any]]:
    *sections, reference = [part for part in message.text.split("\n\n") if part] or [message.title]
    yield {"type": "header", "text": {"type": "plain_text", "text": message.title[:_LONGEST_HEADER], "emoji": False}}
    for number, part in enumerate(sections[:_MOST_SECTIONS]):
        yield {"type": "section", "text": _mrkdwn(part)}
        if number == 0 and message.picture and (course := _course(message.picture)):
            yield {"type": "section", "text": {"type": "mrkdwn", "text": f"`{course}`", "verbatim": True}}
    if buttons and message.standing and (row := _buttons(message.standing)):
        yield {"type": "actions", "block_id": "answers", "elements": row}
    yield {"type": "context", "elements": [_mrkdwn(reference)]}


def _course(picture: Picture) -> str:
    """The latest points as a row of bars; "" where they show no course. The sentence below says the same in words."""
    seen = [max(0.0, point.observed) for point in picture.points[-_MOST_BARS:]]
    top = max(seen, default=0.0)
    return "".join(_BARS[round(each / top * (len(_BARS) - 1))] for each in seen) if len(seen) > 1 and top else ""


def _buttons(standing: Standing) -> list[dict[str, Any]]:
    labels = _LABELS.get(standing.language, _LABELS["en"])
    rarer = [] if standing.state is State.RESOLVED else menu(standing.incident, standing.language)
    return [
        {
            "type": "button",
            "action_id": verb.value,
            "value": standing.incident,
            "text": {"type": "plain_text", "text": labels[verb], "emoji": False},
            **({"style": "primary"} if verb is Verb.TAKE else {}),
        }
        for verb in _ANSWERS[standing.state]
    ] + rarer


def _mrkdwn(text: str) -> dict[str, Any]:
    """With `verbatim`, nothing becomes a mention or a link but what is written as one: the links that we give."""
    shown = escape(text, _LONGEST_SECTION)
    linked = _LINK.sub(lambda found: f"<{found[0]}>", shown)
    return {"type": "mrkdwn", "text": linked if len(linked) <= _LONGEST_SECTION else shown, "verbatim": True}
