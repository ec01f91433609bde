"""A stand-in for Twilio's REST API: one message is one POST of a form, with Basic authentication.

https://www.twilio.com/docs/messaging/api/message-resource, https://www.twilio.com/docs/api/errors
"""

import asyncio
import base64
import re

from aiohttp import web

SID, TOKEN = "AC" + "0a" * 16, "c0ffee" * 5
FROM, TO = "+15550100100", "+33600000001"
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_FIELDS = {"From", "To", "Body"}


class Twilio:
    """Takes messages, and keeps their forms.

    `refusals` are what it answers first, the next first: a status, headers, and Twilio's own code. With `clock` set it
    takes one message a second. With `answers` cleared a message is taken and the answer is withheld.
    """

    def __init__(self):
        self.messages = []
        self.asked = 0
        self.refusals = []
        self.clock = None
        self.answers = asyncio.Event()
        self.answers.set()
        self.url = ""
        self._taken_at = -1_000

    @property
    def address(self):
        """As Apprise writes it."""
        return f"twilio://{SID}:{TOKEN}@{FROM}/{TO}"

    def app(self):
        app = web.Application()
        app.router.add_post("/2010-04-01/Accounts/{sid}/Messages.json", self._take)
        return app

    async def _take(self, request):
        self.asked += 1
        sent = base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {sent}" or request.match_info["sid"] != SID:
            return _fault(401, 20003, "Authenticate")
        if self.refusals:
            status, headers, code = self.refusals.pop(0)
            return _fault(status, code, "as asked", headers)
        assert request.content_type == "application/x-www-form-urlencoded"
        form = dict(await request.post())
        assert set(form) == _FIELDS
        if not _E164.fullmatch(form["To"]):
            return _fault(400, 21211, f"The 'To' number {form['To']} is not a valid phone number.")
        if not form["Body"]:
            return _fault(400, 21602, "Message body is required.")
        if self.clock is not None:
            if self.clock.now() - self._taken_at < 1_000:
                return _fault(429, 20429, "Too Many Requests", {"Retry-After": "1"})
            self._taken_at = self.clock.now()
        self.messages.append(form)
        await self.answers.wait()
        body = {"sid": f"SM{len(self.messages):032x}", "status": "queued", "error_code": None, "num_segments": "1"}
        return web.json_response(body | {"to": form["To"], "from": form["From"], "body": form["Body"]}, status=201)


def _fault(status, code, text, headers=None):
    more = f"https://www.twilio.com/docs/errors/{code}"
    body = {"code": code, "message": text, "more_info": more, "status": status}
    return web.json_response(body, status=status, headers=headers)
