"""`buzzwatch drill` against a whole daemon that is killed in the middle."""

import asyncio


async def test_a_drill_calls_survives_a_kill_and_reports_who_answered(daemon, alert_receiver, news):
    daemon.configure(channels={"hook": f"{alert_receiver.url}/hook", "ops": f"{alert_receiver.url}/ops"})
    daemon.watch()
    daemon.call(
        {"after": "0m", "tell": "ines", "by": ["push"]},
        {"after": "10m", "tell": "karim", "by": ["push"]},
        people={"ines": {"push": f"{alert_receiver.url}/ines"}, "karim": {"push": f"{alert_receiver.url}/karim"}},
        copy=["hook"],
    )
    await daemon.start()
    _, _, stranger = await daemon.command("drill", "acme", "--as", "nobody")
    assert "nobody called 'nobody'" in stranger
    _, _, nothing = await daemon.command("drill", "--last")
    assert nothing == "there has been no drill yet\n"
    drilling = asyncio.create_task(daemon.command("drill", "acme", "--as", "karim", patience=110))
    await news.until(lambda: len(daemon.said("notification_sent")) == 2)
    await daemon.kill()
    await daemon.start()
    [(name,)] = daemon.rows("SELECT id FROM incident")
    _, _, second = await daemon.command("drill", "oncall", "--as", "karim")
    assert second == f"another drill is under way: {name} is not over\n"
    assert (await daemon.command("ack", name, "--as", "ines"))[0] == 0
    status, printed, complained = await drilling
    assert (status, complained) == (0, "")
    await news.until(lambda: sum(" over, " in body["title"] for _, _, body in alert_receiver.posts) == 2)
    assert await daemon.stop() == 0
    _, report, _ = await daemon.command("drill", "--last")

    assert printed.startswith(f"{name}\nunder way")
    assert f"{name}: drill of the route oncall for acme, asked for by karim" in report
    assert "0:00  ines/push called: delivered at 0:" in report
    assert "hook told that it is over: delivered" in report
    assert "Answered by ines (take) after 0:" in report
    assert "Steps reached: 1 of 2" in report
    assert "karim" not in report.partition("Steps")[0].partition("asked for by karim")[2]
    titles = [body["title"] for _, _, body in alert_receiver.posts]
    assert all(title.startswith("DRILL Acme Airlines: ") for title in titles)
    assert {path for path, _, _ in alert_receiver.posts} == {"/ines", "/hook"}
