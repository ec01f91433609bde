"""What everybody who can reach the daemon may see: probes, metrics, and incidents by their links."""

from collections.abc import Awaitable, Callable
from importlib.resources import files
from urllib.parse import urlsplit

from aiohttp import web

from buzzwatch.web.desk import Answer, Desk, PageView
from buzzwatch.web.metrics import CONTENT_TYPE, Metrics
from buzzwatch.web.page import NAME_LIMIT, Pages

_FORM_LIMIT = 16_000
_CODE = r"{code:[A-Za-z0-9_-]{4,64}}"
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
    app.router.add_post(f"/i/{_CODE}/take", site.take)
    app.router.add_post(f"/i/{_CODE}/resolve", site.resolve)
    return app


class _Site:
    def __init__(self, desk: Desk, metrics: Metrics, public_url: str | None) -> None:
        self._desk = desk
        self._metrics = metrics
        self._host = urlsplit(public_url or "").netloc
        self._pages = Pages()
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
        page = self._pages.incident(view, request.match_info["code"], _accepted(request))
        return web.Response(text=page, content_type="text/html")

    async def take(self, request: web.Request) -> web.Response:
        return await self._act(request, self._desk.take)

    async def resolve(self, request: web.Request) -> web.Response:
        return await self._act(request, self._desk.resolve)

    async def _act(self, request: web.Request, verb: Callable[[str, str], Awaitable[Answer]]) -> web.Response:
        self._refuse_foreign(request)
        view = await self._view(request)
        name = (await request.post()).get("name")
        if not isinstance(name, str) or not _is_somebody(name, view):
            raise web.HTTPBadRequest(text="Give your name on the page first. · Donnez d'abord votre nom.\n")
        answer = await verb(view.incident.id, name)
        if not answer.done:
            raise web.HTTPConflict(text="\n".join((*answer.lines, "")))
        raise web.HTTPSeeOther(f"/i/{request.match_info['code']}")

    async def _view(self, request: web.Request) -> PageView:
        view = await self._desk.page(request.match_info["code"])
        if view is None:
            raise web.HTTPNotFound(text=self._pages.missing(_accepted(request)), content_type="text/html")
        return view

    def _refuse_foreign(self, request: web.Request) -> None:
        """Let only our own page act: another site must not press the button through somebody's browser."""
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None:
            ours = site == "same-origin"
        else:  # Browsers leave it out on plain HTTP.
            origin = urlsplit(request.headers.get("Origin", "")).netloc
            ours = bool(origin) and origin in (request.host, self._host)
        if not ours:
            raise web.HTTPForbidden(
                text="This button works on the incident's own page only: open the link and press it there.\n"
            )


def _is_somebody(name: str, view: PageView) -> bool:
    return name in view.people if view.people else name.isprintable() and 0 < len(name.strip()) <= NAME_LIMIT


def _accepted(request: web.Request) -> str:
    return request.headers.get("Accept-Language", "")


async def _secure(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
