"""A daemon on a machine that speaks IPv6: it listens, hears a broker and tells people by it alone."""

import asyncio
import json
import subprocess
from datetime import UTC, datetime

from aiohttp import web
from drill import BIG_VOICE, free_port, mention

MOSQUITTO = "listener {port} ::1\nallow_anonymous true\npersistence false\n"


async def test_all_that_listens_and_all_that_is_reached_may_be_at_an_address_of_ipv6(daemon, alert_receiver, tmp_path):
    app = web.Application()
    app.router.add_post("/{path:.*}", alert_receiver.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "::1", 0).start()
    receiver = f"json://[::1]:{runner.addresses[0][1]}/hook"
    port = free_port()
    settings = tmp_path / "mosquitto.conf"
    settings.write_text(MOSQUITTO.format(port=port), "utf-8")
    broker = await asyncio.create_subprocess_exec(
        "mosquitto", "-v", "-c", str(settings), stderr=subprocess.PIPE, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    )
    try:
        while b" running" not in await broker.stderr.readline():
            assert broker.returncode is None
        daemon.intake, daemon.web = f"http://[::1]:{free_port()}", f"http://[::1]:{free_port()}"
        daemon.configure(
            sources={
                "push": {"http": {"listen": daemon.intake.removeprefix("http://")}},
                "broker": {"mqtt": {"url": f"mqtt://[::1]:{port}", "topics": ["mentions/#"], "client_id": "bw"}},
            },
            channels={"ops": receiver},
        )
        daemon.watch(BIG_VOICE | {"notify": "oncall"})
        daemon.call({"after": "0m", "tell": "ines", "by": ["push"]}, people={"ines": {"push": receiver}})
        await daemon.start()
        await daemon._news.until(lambda: len(daemon.said("source_heard")) == 2)
        now = datetime.now(UTC).isoformat()  # noqa: TID251 - the daemon runs by the real clock
        assert (await daemon.get("/readyz"))[0] == 200
        assert (await daemon.post(mention("x:1", now, angry=True)))[0] == 200
        told = json.dumps(mention("x:2", now, angry=True))
        published = await asyncio.create_subprocess_exec(
            *f"mosquitto_pub -h ::1 -p {port} -q 1 -t mentions/x -m".split(), told
        )
        assert await published.wait() == 0
        await daemon._news.until(lambda: len(set(alert_receiver.keys("/hook"))) == 2)
        assert daemon.rows("SELECT count(*) FROM content") == [(2,)]
        await daemon.stop()
    finally:
        broker.terminate()
        await broker.communicate()
        await runner.cleanup()
