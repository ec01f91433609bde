"""The daemon that runs: whether it answers, what it says, what its sources bring, what it takes of the machine."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from buzzwatch.app.doctor.finding import Ailing, Bytes, Finding, Lasting, aside, fine, wary, wrong
from buzzwatch.model.ear import Ail
from buzzwatch.notify.quoting import clean
from buzzwatch.rules.words import Said, words_of

if TYPE_CHECKING:
    from buzzwatch.app.doctor.patient import Patient

_NEAR = 0.8
_LONGEST = 160
_REMEDY = "journalctl -u buzzwatch -p warning -n 100"


def check_answers(patient: "Patient") -> Iterator[Finding]:
    """Whether it answers commands and probes, and calls itself ready."""
    if patient.config is None:
        return
    commands, probe = patient.status is not None, patient.ask("/readyz")
    listen = patient.config.web.listen
    if not commands and not probe.status:
        said = "no daemon answers: nobody watches at present"
        yield wrong(said, "{command}", command=patient.start)
        return
    if commands:
        yield fine("the daemon answers commands")
    elif patient.silence is not None:
        told = words_of(patient.silence)
        why = told.values.get("why", told) if isinstance(told, Said) else told
        remedy = "sudo usermod --append --groups buzzwatch-admin $USER, and log in again; or sudo buzzwatch doctor"
        yield aside("the daemon does not answer commands of yours ({why})", remedy, why=why)
    if not probe.status:
        yield wrong("nobody answers at {listen} ({why})", "ss -ltnp | grep {listen}", listen=listen, why=probe.why)
    elif probe.status == http.client.OK:
        yield fine("it says that it is ready")
    else:
        reasons = _reasons(probe.body)
        if not reasons:
            yield wrong("somebody else answers at {listen}", "ss -ltnp | grep {listen}", listen=listen)
        for reason in reasons:
            yield wrong("not ready: {why}", "docs/monitoring.md says what to do for each", why=clean(reason, _LONGEST))


def _reasons(body: bytes) -> list[str]:
    """Why it is not ready, by what it answered; none where that is no answer of ours."""
    try:
        reasons = json.loads(body)["reasons"]
    except (ValueError, KeyError, TypeError):
        return []
    return [str(reason) for reason in reasons]


def check_sources(patient: "Patient") -> Iterator[Finding]:
    """Each source that does not do well, and since when."""
    if patient.status is None:
        return
    well = 0
    for row in patient.status.get("sources", ()):
        ail = row.get("ail")
        if ail is None:
            well += 1
            continue
        values = {
            "source": clean(str(row.get("name")), _LONGEST),
            "state": Ailing(Ail(ail)),
            "span": Lasting(patient.now - int(row.get("since", patient.now))),
            "why": clean(str(row.get("why") or "-"), _LONGEST),
        }
        find = wrong if row.get("deaf") else wary
        yield find("source {source}: {state} for {span} ({why})", "buzzwatch sources --once", **values)
    if well:
        yield fine("sources that do well: {n}", n=well)
    elif not patient.status.get("sources"):
        yield wrong("no source is at work")


def check_figures(patient: "Patient") -> Iterator[Finding]:
    """What its metrics say that a person would look at."""
    waiting = patient.metric("buzzwatch_outbox_waiting")
    if waiting:
        yield wary("messages that are due and have not left: {n}", "buzzwatch history --since 1h", n=int(waiting))
    failed = [
        labels["channel"]
        for labels, value in patient.metrics.get("buzzwatch_notifications_total", ())
        if labels.get("outcome") != "sent" and value
    ]
    for channel in failed:
        said = "messages to {channel} were given up since the daemon started"
        yield wary(said, "buzzwatch notify-test {channel}", channel=channel)
    for name, said in (
        ("buzzwatch_clock_jumps_total", "the clock has jumped since the daemon started: {n} times"),
        ("buzzwatch_quarantined_total", "inputs were set aside since a decision failed on them: {n}"),
    ):
        number = sum(value for _, value in patient.metrics.get(name, ()))
        if number:
            yield wary(said, _REMEDY, n=int(number))
    up = patient.metric("buzzwatch_scorer_up")
    if patient.config and patient.config.scorer and up == 0:
        yield wary("the plugged-in scorer is not asked", "journalctl -u buzzwatch | grep scorer_")


def check_weight(patient: "Patient") -> Iterator[Finding]:
    """Memory and open files beside what the daemon may have."""
    metric = patient.metric
    memory, most = metric("buzzwatch_memory_bytes"), metric("buzzwatch_memory_limit_bytes")
    files, most_files = metric("buzzwatch_open_files"), metric("buzzwatch_open_files_limit")
    if memory is None or files is None or most_files is None:
        return
    if most:
        near = memory > _NEAR * most
        said = "it takes {memory} of {most} of memory"
        remedy = "systemctl edit buzzwatch, and below [Service]: MemoryMax=2G"
        yield (
            wary(said, remedy, memory=Bytes(memory), most=Bytes(most))
            if near
            else fine(said, memory=Bytes(memory), most=Bytes(most))
        )
    else:
        yield fine("it takes {memory} of memory, and has no limit", memory=Bytes(memory))
    said, values = "it has {n} of {most} files open", {"n": int(files), "most": int(most_files)}
    remedy = "systemctl edit buzzwatch, and below [Service]: LimitNOFILE=16384"
    yield wary(said, remedy, **values) if files > _NEAR * most_files else fine(said, **values)


def check_logs(patient: "Patient") -> Iterator[Finding]:
    """Whether the log outlives a reboot. It turns by itself: journald's, no logrotate is needed."""
    if patient.unit is None:
        return
    kept, volatile = Path("/var/log/journal"), Path("/run/log/journal")
    if kept.is_dir():
        yield fine("the log outlives a reboot ({path}); journald bounds it, no logrotate is needed", path=kept)
    elif volatile.is_dir():
        said = "a reboot loses the log: journald keeps it in {path} alone"
        yield wary(said, "mkdir -p /var/log/journal && systemctl restart systemd-journald", path=volatile)
