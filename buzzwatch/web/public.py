"""What everybody who can reach the daemon may see: probes, metrics, and incidents by their links."""

import asyncio
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import TypeVar
from urllib.parse import quote, urlsplit

from aiohttp import web
from aiohttp.web_request import FileField
from multidict import MultiDictProxy

from buzzwatch.gate.guesses import Guesses, address_of
from buzzwatch.model.incident import SHOWN
from buzzwatch.model.input import Mark, Verb
from buzzwatch.web.desk import Answer, Desk, PageView, Reply
from buzzwatch.web.metrics import CONTENT_TYPE, Metrics
from buzzwatch.web.page import NAME_LIMIT, WHY_LIMIT, Pages, key_of
from buzzwatch.web.watching import Watching

_View = TypeVar("_View")
_Form = MultiDictProxy[str | bytes | bytearray | FileField]
_FORM_LIMIT = 16_000
_READ_WITHIN = 30.0
"""Seconds for a whole form."""
_CODE = r"{code:[A-Za-z0-9_-]{4,64}}"
_VERB = f"{{verb:{'|'.join(Verb)}}}"
_ASKS_FOR: dict[Verb, tuple[str, ...]] = {Verb.WAIT: ("until", "why"), Verb.SNOOZE: ("span",)}
_MISSING = {"until", "because", "span", "post"}
"""What a form of ours always brings along."""
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # `no-referrer` would make browsers send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}


def public_app(desk: Desk, metrics: Metrics, public_url: str | None = None) -> web.Application:
    """The public side. `public_url` is where browsers find it, when a proxy stands before it."""
    site = _Site(desk, metrics, public_url)
    app = web.Application(client_max_size=_FORM_LIMIT)
    app.on_response_prepare.append(_secure)
    app.router.add_get("/healthz", site.healthz)
    app.router.add_get("/readyz", site.readyz)
    app.router.add_get("/metrics", site.exposition)
    app.router.add_get("/static/page.css", site.style)
    app.router.add_get(f"/i/{_CODE}", site.show)
    app.router.add_get(f"/i/{_CODE}/queue", site.queue)
    app.router.add_post(f"/i/{_CODE}/{_VERB}", site.answer)
    app.router.add_post(f"/i/{_CODE}/mark", site.mark)
    app.router.add_get(f"/i/{_CODE}/marks", site.show_marks)
    app.router.add_post(f"/i/{_CODE}/confirm", site.confirm)
    app.router.add_post(f"/i/{_CODE}/drop", site.drop)
    Watching(lambda: desk.board, site.behind_link, site.nowhere).open(app)
    return app


class _Site:
    def __init__(self, desk: Desk, metrics: Metrics, public_url: str | None) -> None:
        self._desk = desk
        self._metrics = metrics
        self._host = urlsplit(public_url or "").netloc
        self._pages = Pages()
        self._guesses = Guesses()
        self._style = files("buzzwatch.web").joinpath("static/page.css").read_text("utf-8")

    async def healthz(self, _request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(self, _request: web.Request) -> web.Response:
        reasons = self._desk.unready()
        return web.json_response({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)

    async def exposition(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._metrics.exposition(), headers={"Content-Type": CONTENT_TYPE})

    async def style(self, _request: web.Request) -> web.Response:
        return web.Response(text=self._style, content_type="text/css", headers={"Cache-Control": "max-age=3600"})

    async def show(self, request: web.Request) -> web.Response:
        view = await self._view(request)
        code, who_is = request.match_info["code"], _who_is(request, view)
        page = self._pages.incident(view, code, _accepted(request), who_is)
        return web.Response(text=page, content_type="text/html")

    async def show_marks(self, request: web.Request) -> web.Response:
        """What was marked at night, to be confirmed or dropped by day."""
        view = await self._view(request)
        page = self._pages.marks(view, request.match_info["code"], _accepted(request), _who_is(request, view))
        return web.Response(text=page, content_type="text/html")

    async def queue(self, request: web.Request) -> web.Response:
        view = await self.behind_link(request, self._desk.queue)
        page = self._pages.queue(view, request.match_info["code"], _accepted(request))
        return web.Response(text=page, content_type="text/html")

    async def answer(self, request: web.Request) -> web.Response:
        verb = Verb(request.match_info["verb"])

        async def answer(view: PageView, name: str, form: _Form) -> Answer:
            fields = {name: str(form.get(name, ""))[:WHY_LIMIT].strip() for name in _ASKS_FOR.get(verb, ())}
            missing = next((field for field in fields if not fields[field]), None)
            if missing is not None:
                return Answer(False, why={"why": "because"}.get(missing, missing))
            return await self._desk.answer(Reply(verb, view.incident.id, name, **fields))

        await self._act(request, answer)
        raise web.HTTPSeeOther(_page_of(request))

    async def mark(self, request: web.Request) -> web.Response:
        """A button's value is the mark and the mention, since each post has its own buttons in one form."""

        async def correct(view: PageView, name: str, form: _Form) -> Answer:
            mark, _, mention = str(form.get("post", "")).partition(" ")
            if mark not in set(Mark) or mention not in [sample.mention for sample in view.samples[:SHOWN]]:
                return Answer(False, why="post")
            incident = view.incident
            return await self._desk.correct(incident.subject.brand, mention, Mark(mark), name, incident.id)

        name = await self._act(request, correct)
        raise web.HTTPSeeOther(f"{_page_of(request)}?as={quote(name)}#posts")

    async def confirm(self, request: web.Request) -> web.Response:
        """All that the page showed, and nothing that was marked since."""

        async def confirm(view: PageView, name: str, form: _Form) -> Answer:
            told = {str(post) for post in form.getall("shown", [])}
            proposals = [pending.proposal for pending in view.pending]
            posts = [(each.brand, each.mention) for each in proposals if key_of(each) in told]
            return await self._desk.confirm(posts, name)

        name = await self._act(request, confirm)
        raise web.HTTPSeeOther(f"{_page_of(request)}/marks?as={quote(name)}")

    async def drop(self, request: web.Request) -> web.Response:
        """One of those that the page showed."""

        async def drop(view: PageView, name: str, form: _Form) -> Answer:
            told = str(form.get("post", ""))
            proposal = next((each.proposal for each in view.pending if key_of(each.proposal) == told), None)
            if proposal is None:
                return Answer(False, why="unmarked")
            return await self._desk.correct(proposal.brand, proposal.mention, Mark.WITHDRAWN, name, view.incident.id)

        name = await self._act(request, drop)
        raise web.HTTPSeeOther(f"{_page_of(request)}/marks?as={quote(name)}")

    async def _act(self, request: web.Request, verb: Callable[[PageView, str, _Form], Awaitable[Answer]]) -> str:
        """Let somebody act upon the incident of a page; their name. Who has no link to it is not read."""
        self._refuse_foreign(request)
        view = await self._view(request)
        form = await _form_of(request)
        name = form.get("name")
        if not isinstance(name, str) or not _is_somebody(name, view):
            raise web.HTTPBadRequest(text=self._said(request, "name", view), content_type="text/html")
        answer = await verb(view, name, form)
        if not answer.done:
            wrong = web.HTTPBadRequest if answer.why in _MISSING and not answer.lines else web.HTTPConflict
            text = self._said(request, answer.why, view, answer.lines)
            raise wrong(text=text, content_type="text/html")
        return name

    def _said(self, request: web.Request, why: str, view: PageView | None = None, lines: tuple[str, ...] = ()) -> str:
        """A page that says in the reader's language why nothing was done, and leads back."""
        back = _page_of(request) if view else ""
        language = view.language if view else "en"
        return self._pages.refusal(why, lines, _accepted(request), language, _up(request), back)

    async def _view(self, request: web.Request) -> PageView:
        return await self.behind_link(request, self._desk.page)

    async def behind_link(self, request: web.Request, find: Callable[[str], Awaitable[_View | None]]) -> _View:
        """What a link leads to; whoever tries links that lead nowhere must wait."""
        address = address_of(request, behind_proxy=bool(self._host))
        if self._guesses.refuses(address):
            text, later = self._said(request, "guess"), {"Retry-After": "60"}
            raise web.HTTPTooManyRequests(text=text, content_type="text/html", headers=later)
        view = await find(request.match_info["code"])
        if view is None:
            self._guesses.miss(address)
            raise self.nowhere(request)
        return view

    def nowhere(self, request: web.Request) -> web.HTTPNotFound:
        """The page of a link that leads to no incident."""
        return web.HTTPNotFound(text=self._pages.missing(_accepted(request), _up(request)), content_type="text/html")

    def _refuse_foreign(self, request: web.Request) -> None:
        """Let only our own page act: another site must not press the button through somebody's browser."""
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None:
            ours = site == "same-origin"
        else:  # Browsers leave it out on plain HTTP.
            origin = urlsplit(request.headers.get("Origin", "")).netloc
            ours = bool(origin) and origin in (request.host, self._host)
        if not ours:
            raise web.HTTPForbidden(text=self._said(request, "foreign"), content_type="text/html")


async def _form_of(request: web.Request) -> _Form:
    try:
        async with asyncio.timeout(_READ_WITHIN):
            return await request.post()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


def _who_is(request: web.Request, view: PageView) -> str:
    """Whom the page takes the reader for: who they have said they are, else the holder of the link."""
    said = request.query.get("as")
    return (view.person if said is None else said)[:NAME_LIMIT]


def _is_somebody(name: str, view: PageView) -> bool:
    return name in view.people if view.people else name.isprintable() and 0 < len(name.strip()) <= NAME_LIMIT


def _up(request: web.Request) -> str:
    """From this address to the place under which all pages are served."""
    return "../" * (request.rel_url.raw_path.count("/") - 1)


def _page_of(request: web.Request) -> str:
    return f"{_up(request)}i/{request.match_info['code']}"


def _accepted(request: web.Request) -> str:
    return request.headers.get("Accept-Language", "")


async def _secure(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
