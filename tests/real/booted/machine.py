"""A Debian that is booted by systemd, in namespaces of its own, with no network but loopback."""

import hashlib
import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "python3", "python3-venv", "curl", "ca-certificates"),
    *("mosquitto", "mosquitto-clients"),
)
SUITE = "bookworm"
PATIENCE_S = 120
ASKS_TO_BE_BOOTED_AGAIN = 133
"""The status with which nspawn ends after a reboot inside."""
TOOLS = ("mmdebstrap", "systemd-nspawn", "nsenter")


def why_not():
    """Why no machine can be booted here; "" where it can. A program that is missing is no reason: it is installed."""
    if os.geteuid():
        return "booting a systemd needs root: sudo make soak"
    try:
        subprocess.run(["unshare", "--mount", "--pid", "--net", "--fork", "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return "booting a systemd needs namespaces, and none can be made here"
    return ""


def missing():
    """The programs that a machine needs and that are not installed."""
    return [tool for tool in TOOLS if shutil.which(tool) is None]


def root_files(cache: Path) -> Path:
    """An archive of the file system, made once for each list of packages."""
    key = hashlib.sha256(" ".join((SUITE, *PACKAGES)).encode()).hexdigest()[:12]
    archive = cache / f"debian-{key}.tar"
    if not archive.exists():
        for old in cache.glob("debian-*.tar"):
            old.unlink()
        unfinished = cache / "unfinished.tar"
        command = ["mmdebstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, unfinished]
        subprocess.run(command, check=True, capture_output=True, timeout=600)
        unfinished.rename(archive)
    return archive


class Machine:
    """`root` is its file system; what is written there from outside is there inside."""

    def __init__(self, archive: Path, root: Path):
        self.root = root
        self._nspawn = None
        root.mkdir()
        subprocess.run(["tar", "--extract", "--numeric-owner", "--file", archive, "--directory", root], check=True)
        (root / "var/log/journal").mkdir(parents=True, exist_ok=True)  # what it says outlives a power cut
        (root / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
        (root / "etc/hostname").write_text("watch-1\n")

    def boot(self):
        """Return once everything that starts by itself has been started."""
        command = [
            *("systemd-nspawn", "--quiet", "--boot", f"--directory={self.root}", "--private-network"),
            *("--register=no", "--keep-unit", "--hostname=watch-1", "--link-journal=no", "--console=pipe"),
        ]
        environment = {"PATH": os.environ["PATH"], "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
        with (self.root.parent / "console").open("ab") as console:
            self._nspawn = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=console, stderr=console
            )
        self._wait_until_up()

    def _wait_until_up(self):
        self.until(self._leader, "the machine begins to boot")
        self.until(lambda: self.run("systemctl", "show-environment", check=False).returncode == 0, "systemd answers")
        self.run("systemctl", "is-system-running", "--wait", check=False)

    def _leader(self):
        """The process that is number 1 inside; None where there is none now."""
        assert self._nspawn is not None
        if self._nspawn.poll() is not None:
            return None
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text().split()
        for child in children:
            if "systemd" in Path(f"/proc/{child}/comm").read_text():
                return int(child)
        return None

    def run(self, *command, text="", check=True, timeout=PATIENCE_S):
        """Run something inside as root; its standard error is in the message where it fails."""
        leader = self._leader()
        assert leader, "the machine is not running"
        path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        inside = [
            "nsenter",
            f"--target={leader}",
            "--all",
            "--",
            "env",
            "-i",
            path,
            "LC_ALL=C.UTF-8",
            *map(str, command),
        ]
        done = subprocess.run(inside, input=text, capture_output=True, text=True, timeout=timeout, check=False)
        if check:
            assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def shell(self, script, **options):
        """The same for a line of sh; its standard output."""
        return self.run("sh", "-c", script, **options).stdout

    def show(self, unit, name):
        """A property of a unit."""
        return self.run("systemctl", "show", "--value", f"--property={name}", unit).stdout.strip()

    def write(self, path, text, mode=0o644):
        """A file inside, with its directories."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def drop_in(self, unit, name, text):
        """Add to a unit, or with "" take it away again."""
        path = f"/etc/systemd/system/{unit}.d/{name}.conf"
        if text:
            self.write(path, text)
        else:
            (self.root / path.lstrip("/")).unlink()
        self.run("systemctl", "daemon-reload")

    def journal(self, *options):
        """What it has said, of all its boots."""
        return self.run("journalctl", "--no-pager", "--output=cat", *options).stdout

    def until(self, fact, what, patience=PATIENCE_S):
        """Wait until something holds; the machine has its own clock, which nobody could turn."""
        end = time.monotonic() + patience
        while True:
            found = fact()
            if found:
                return found
            assert time.monotonic() < end, f"not in {patience} s: {what}"
            time.sleep(0.1)

    def reboot(self):
        """As `reboot` does."""
        self.run("systemctl", "reboot", check=False)
        assert self._nspawn.wait(PATIENCE_S) == ASKS_TO_BE_BOOTED_AGAIN
        self.boot()

    def cut_power(self):
        """Every process ends at once, as it stands; what the kernel has taken over is still written."""
        os.kill(self._leader(), signal.SIGKILL)
        self._nspawn.wait(PATIENCE_S)

    def end(self):
        """Leave nothing behind."""
        if self._nspawn is not None and self._nspawn.poll() is None:
            if self._leader():
                self.cut_power()
            else:
                self._nspawn.kill()
                self._nspawn.wait(PATIENCE_S)
        shutil.rmtree(self.root, ignore_errors=True)


@contextmanager
def timed(name, report):
    """Say how long a phase took, by the clock on the wall."""
    began = time.monotonic()
    yield
    report(f"{name}: {time.monotonic() - began:.1f} s")
