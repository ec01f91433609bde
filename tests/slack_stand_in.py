"""A stand-in for Slack, as documented: the Web API with its errors and limits, Socket Mode, response URLs.

https://docs.slack.dev/reference/methods, https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import json

from aiohttp import WSMsgType, web

BOT, APP = "xoxb-bot-token", "xapp-app-token"
ROOM = "C0CRISIS01"
MOST_BLOCKS, LONGEST_HEADER, LONGEST_SECTION = 50, 150, 3_000
MOST_ELEMENTS, MOST_OPTIONS, LONGEST_LABEL, LONGEST_VALUE, LONGEST_PLACEHOLDER = 25, 100, 75, 150, 150


class Slack:
    """One workspace with one channel.

    `refusals` holds errors by method, the next first: a code, or a status with headers. With `clock` set, a channel
    takes one posted message a second, as Slack says that it does. With `answers` cleared, what is asked is done and the
    answer is withheld.
    """

    def __init__(self):
        self.messages = {}
        self.calls = []
        self.refusals = {}
        self.clock = None
        self.answers = asyncio.Event()
        self.answers.set()
        self.may_read = True
        self.told = []
        self.sockets = []
        self.acknowledged = []
        self.opened = asyncio.Condition()
        self.url = ""
        self._posted_at = -1_000
        self._serial = 0

    def app(self):
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_get("/socket", self._socket)
        app.router.add_post("/respond", self._respond)
        return app

    @property
    def roots(self):
        """The messages of the channel that are no replies, oldest first."""
        return [each for each in self.messages.values() if "thread_ts" not in each]

    @property
    def replies(self):
        return [each for each in self.messages.values() if "thread_ts" in each]

    def count(self, method):
        return sum(each == method for each, _ in self.calls)

    async def press(self, action, value, user="U0INES", socket=-1, envelope="e1"):
        """Somebody presses a button: what their client makes Slack send us."""
        envelope = {"envelope_id": envelope, "type": "interactive", "payload": self.pressed(action, value, user)}
        await self.sockets[socket].send_json(envelope)

    async def choose(self, label, user="U0INES", socket=-1, envelope="e2"):
        """Somebody chooses from the menu of the latest message that has one."""
        envelope = {"envelope_id": envelope, "type": "interactive", "payload": self.chosen(label, user)}
        await self.sockets[socket].send_json(envelope)

    def chosen(self, label, user="U0INES"):
        element = next(menu for message in reversed(self.roots) for menu in menus(message))
        (option,) = [each for each in options(element) if each["text"]["text"] == label]
        action = {"type": "static_select", "action_id": element["action_id"], "block_id": "answers"}
        pressed = self.pressed("", "", user)
        return pressed | {"actions": [action | {"selected_option": option, "action_ts": "1"}]}

    def pressed(self, action, value, user="U0INES"):
        return {
            "type": "block_actions",
            "user": {"id": user, "username": "ines"},
            "response_url": f"{self.url}/respond",
            "actions": [{"type": "button", "action_id": action, "block_id": "answers", "value": value}],
        }

    async def until(self, fact):
        async with asyncio.timeout(10), self.opened:
            await self.opened.wait_for(fact)

    async def _news(self):
        async with self.opened:
            self.opened.notify_all()

    async def _api(self, request):
        method = request.match_info["method"]
        body = await request.json() if request.method == "POST" and request.can_read_body else dict(request.query)
        self.calls.append((method, body))
        try:
            return await self._answer(request, method, body)
        finally:
            await self._news()

    async def _answer(self, request, method, body):
        if refusals := self.refusals.get(method):
            refusal = refusals.pop(0)
            if isinstance(refusal, str):
                return web.json_response({"ok": False, "error": refusal})
            status, headers = refusal
            return web.Response(status=status, headers=headers)
        wanted = APP if method == "apps.connections.open" else BOT
        if request.headers.get("Authorization") != f"Bearer {wanted}":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        handle = {
            "apps.connections.open": self._open,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "conversations.history": self._list,
            "conversations.replies": self._list,
        }[method]
        answer = handle(body)
        if isinstance(answer, web.Response):
            return answer
        await self._news()
        await self.answers.wait()
        if isinstance(answer, str):
            return web.json_response({"ok": False, "error": answer})
        return web.json_response({"ok": True} | answer)

    def _post(self, body):
        if body["channel"] != ROOM:
            return "channel_not_found"
        if wrong := _wrong(body):
            return wrong
        if "thread_ts" in body and body["thread_ts"] not in self.messages:
            return "thread_not_found"
        if self.clock is not None:
            if self.clock.now() - self._posted_at < 1_000:
                return web.Response(status=429, headers={"Retry-After": "1"})
            self._posted_at = self.clock.now()
        self._serial += 1
        ts = f"{1_700_000_000 + self._serial}.{self._serial:06}"
        self.messages[ts] = body | {"ts": ts}
        return {"channel": ROOM, "ts": ts, "message": {}}

    def _update(self, body):
        if body["channel"] != ROOM:
            return "channel_not_found"
        if body["ts"] not in self.messages:
            return "message_not_found"
        if wrong := _wrong(body):
            return wrong
        message = self.messages[body["ts"]]
        blocks = {"blocks": None} if "text" in body and "blocks" not in body else {}
        self.messages[body["ts"]] = message | body | blocks
        return {"channel": ROOM, "ts": body["ts"], "text": body["text"]}

    def _list(self, query):
        if not self.may_read:
            return "missing_scope"
        thread = query.get("ts")
        listed = self.roots[::-1] if thread is None else [self.messages[thread], *self.replies]
        with_metadata = query.get("include_all_metadata") == "true"
        hidden = set() if with_metadata else {"metadata"}
        shown = [{name: part for name, part in each.items() if name not in hidden} for each in listed]
        return {"messages": shown[: int(query.get("limit", 100))], "has_more": False}

    def _open(self, _):
        return {"url": f"{self.url.replace('http', 'ws', 1)}/socket"}

    async def _socket(self, request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A1"}})
        self.sockets.append(socket)
        await self._news()
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self.acknowledged.append(json.loads(message.data)["envelope_id"])
                await self._news()
        return socket

    async def _respond(self, request):
        self.told.append(await request.json())
        await self._news()
        return web.Response(text="ok")


def menus(message):
    return [
        each
        for block in message.get("blocks") or ()
        if block["type"] == "actions"
        for each in block["elements"]
        if each["type"] == "static_select"
    ]


def options(menu):
    return [option for group in menu["option_groups"] for option in group["options"]]


def _wrong_menu(menu):
    """https://docs.slack.dev/reference/block-kit/composition-objects/option-object, and -group-object."""
    groups, values = menu["option_groups"], [option["value"] for option in options(menu)]
    texts = [group["label"] for group in groups] + [option["text"] for option in options(menu)]
    return not (
        ("options" in menu) != ("option_groups" in menu)
        and 0 < len(groups) <= MOST_OPTIONS
        and all(0 < len(group["options"]) <= MOST_OPTIONS for group in groups)
        and all(each["type"] == "plain_text" and 0 < len(each["text"]) <= LONGEST_LABEL for each in texts)
        and all(0 < len(value) <= LONGEST_VALUE for value in values)
        and len(values) == len(set(values))
        and len(menu["placeholder"]["text"]) <= LONGEST_PLACEHOLDER
    )


def _wrong(body):
    """What Block Kit's documented limits say of a message."""
    blocks = body.get("blocks") or []
    if not body.get("text") and not blocks:
        return "no_text"
    headers = [each["text"]["text"] for each in blocks if each["type"] == "header"]
    sections = [each["text"]["text"] for each in blocks if each["type"] == "section"]
    fits = (
        len(blocks) <= MOST_BLOCKS
        and all(0 < len(text) <= LONGEST_HEADER for text in headers)
        and all(0 < len(text) <= LONGEST_SECTION for text in sections)
        and all(len(each["elements"]) <= MOST_ELEMENTS for each in blocks if each["type"] == "actions")
        and not any(map(_wrong_menu, menus(body)))
    )
    return None if fits else "invalid_blocks"
