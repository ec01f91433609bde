"""A daemon whose disk has died goes on from a backup: the right messages leave, the right ones are listed."""

import json
import sqlite3
from contextlib import closing

from drill import COM, INES, gather

from buzzwatch.model.input import EVERYTHING

HOURS = 2


async def test_what_is_young_leaves_what_is_old_is_listed_and_ops_hear_of_it(daemon, mail_server, alert_receiver, news):
    hook, ops = f"{alert_receiver.url}/hook", f"{alert_receiver.url}/ops"
    channels = {"com": f"{mail_server.url}&to={COM}", "hook": hook, "ops": ops}
    daemon.configure(channels=channels, mail=mail_server.url)
    daemon.watch()
    steps = [{"after": "0m", "tell": "ines", "by": ["email"]}, {"after": "50m", "tell": "ines", "by": ["email"]}]
    daemon.call(*steps, people={"ines": {"email": INES}}, copy=["com", "hook"])
    await mail_server.down()
    await daemon.start(until="source_heard")
    mentions, angry = gather(3, 3)
    await daemon.post(*mentions)
    for target in ("com", "ines/email"):
        await news.until(lambda target=target: daemon.said("notification_postponed", target=target))
    await news.until(lambda: alert_receiver.keys("/hook"))
    with closing(sqlite3.connect(daemon.folder / "state/buzzwatch.db", timeout=10)) as db, db:
        db.execute(f"UPDATE outbox SET written_at = written_at - {HOURS * 3_600_000} WHERE target = 'ines/email'")

    backup = daemon.folder / "backup.tar"
    status, printed, complained = await daemon.command("backup", str(backup))
    assert (status, complained) == (0, "")
    assert "heard until" in printed
    status, _, complained = await daemon.command("restore", str(backup), "--replace", "--yes")
    assert status == 1
    assert "another buzzwatch" in complained
    await daemon.kill()
    (daemon.folder / "state").rename(daemon.folder / "dead")

    status, printed, complained = await daemon.command("restore", str(backup))
    assert (status, complained) == (0, "")
    assert "state_recovered" not in printed
    assert "older than an hour and are not sent again: 1\n" in printed
    assert "ines/email" in printed
    assert "say that they may come twice: 1\n" in printed

    await mail_server.up()
    await daemon.start()
    await news.until(lambda: mail_server.keys(COM))
    await news.until(lambda: alert_receiver.keys("/ops"))
    status, printed, _ = await daemon.command("history")
    assert "ines/email" in "".join(line for line in printed.splitlines() if "not sent again: 2 h 0" in line)
    await daemon.stop()
    assert mail_server.keys(INES) == []
    assert len(set(mail_server.keys(COM))) == 1
    waiting = daemon.rows("SELECT key FROM outbox WHERE state = 'waiting'")
    assert waiting == []
    gaps = daemon.rows("SELECT body FROM journal WHERE kind = 'gap'")
    assert sum(json.loads(body)["source"] == EVERYTHING for (body,) in gaps) == 1
    assert daemon.rows("SELECT count(*) FROM incident") == [(len(angry),)]
