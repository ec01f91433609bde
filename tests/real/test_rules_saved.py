"""Rule files saved, broken and taken away under a running daemon, with the kernel's own hints."""

import os
import signal

from drill import BIG_VOICE, gather
from test_daemon import watching  # noqa: F401 - a fixture

QUICKLY = {"name": "second", "when": {"mention": {"negativity": 0.9}}, "severity": "warning", "notify": "oncall"}
BROKEN = BIG_VOICE | {"severity": "criticl"}


async def test_what_is_saved_is_read_by_itself_refused_told_once_and_mended(watching, alert_receiver, news):  # noqa: F811
    await watching.start(until="source_heard")
    watching.watch(BIG_VOICE, QUICKLY)
    await news.until(lambda: len(watching.said("rules_swapped")) == 2)
    watching.watch(BROKEN)
    await news.until(lambda: alert_receiver.keys("/ops"))
    (title,) = alert_receiver.titles("/ops")
    assert "rule files refused (1 fault): acme." in title
    assert (await watching.get("/readyz"))[0] == 503
    await watching.kill()
    await watching.start(until="source_heard")
    assert "the rules on disk are refused: acme.yaml" in (await watching.get("/readyz"))[1]
    watching.rules.parent.rename(watching.rules.parent.with_name("away"))
    await news.until(lambda: len(watching.said("rules_refused")) >= 3)
    await watching.stop()
    await watching.start(until="source_heard")
    await watching.post(*gather(1, 1)[0])
    await news.until(lambda: alert_receiver.keys("/hook"))
    watching.rules.parent.with_name("away").rename(watching.rules.parent)
    watching.watch(BIG_VOICE)
    await news.until(lambda: len(set(alert_receiver.keys("/ops"))) == 2)  # the first may come twice by the kill
    assert alert_receiver.titles("/ops")[-1].endswith("rule files accepted again")
    assert await watching.get("/readyz") == (200, '{"ready": true, "reasons": []}')
    _, lines, _ = await watching.command("history", "--rules")
    assert "acme: rule `second` added" in lines
    assert "acme: rule `second` removed" in lines
    assert "rules refused" in lines
    assert len(set(alert_receiver.keys("/ops"))) == 2


async def test_by_command_and_by_signal_alone(watching, news, tmp_path):  # noqa: F811
    settings = (tmp_path / "buzzwatch.yaml").read_text()
    (tmp_path / "buzzwatch.yaml").write_text(settings.replace("{", '{"reload": "by-command",', 1))
    await watching.start(until="source_heard")
    watching.watch(BIG_VOICE, QUICKLY)
    status, lines, _ = await watching.command("reload", "--as", "ines")
    assert (status, lines) == (0, "acme: rule `second` added\n")
    assert (await watching.command("reload"))[1] == "nothing changed\n"
    assert (await watching.command("reload", "--as", "nobody"))[0] == 1
    _, lines, _ = await watching.command("history", "--rules")
    assert "rules changed by ines (file owner " in lines
    watching.watch(BIG_VOICE)
    os.kill(watching.process.pid, signal.SIGHUP)
    await news.until(lambda: len(watching.said("rules_swapped")) >= 3)
    await watching.stop()
