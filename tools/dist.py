"""Makes `dist/buzzwatch-VERSION-linux-ARCH.tar.gz`: everything that an installation without network needs.

    python tools/dist.py [--audit none] [--version 1.2.3] [--into dist]

It is made of the commit, not of the files that lie about: the same commit gives the same bytes. What is not committed
is left out, and said. `--version` gives the program another number, to try an upgrade. The wheels are those of
constraints.txt, for each Python of PYTHONS; their digests stand in tools/wheels.sha256, which `--lock` writes anew.
"""

import argparse
import gzip
import hashlib
import io
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from audit import audit  # noqa: E402 - a script beside this one
from sbom import bill_of_materials  # noqa: E402
from wheelhouse import Wheelhouse  # noqa: E402

NAMES = ("systemd", "docs", "rules")
FILES = ("buzzwatch.yaml", "daemon.schema.json", "constraints.txt", "README.md", "CHANGELOG.md", "LICENSE")
PROGRAMS = ("install.sh",)


class DistError(Exception):
    """The archive cannot be made; the text says why and what to do."""


def main() -> None:
    """Make it, or say in one line why not."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--audit", choices=("ask", "none"), default="ask", help="none: make it unaudited, and say so")
    options.add_argument("--version", help="another number than that of the package")
    options.add_argument("--into", type=Path, default=ROOT / "dist", help="the directory for what is made")
    options.add_argument("--lock", action="store_true", help="write the digests of the wheels anew; make nothing")
    options.add_argument(
        "--wheels", type=Path, default=ROOT / ".venv/wheels", help="where wheels are kept for next time"
    )
    given = options.parse_args()
    try:
        make(given)
    except (DistError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"dist: {error}")


def make(given: argparse.Namespace) -> None:
    """All steps, in a directory that is gone afterwards."""
    with tempfile.TemporaryDirectory() as scratch:
        source, wheels = Path(scratch) / "source", Path(scratch) / "wheels"
        born = export_commit(source)
        os.environ["SOURCE_DATE_EPOCH"] = str(born)
        version = set_version(source, given.version)
        ours = build_wheel(source, wheels)
        house = Wheelhouse(source / "constraints.txt", given.wheels, ROOT / "tools/wheels.sha256")
        theirs = house.lock(ours) if given.lock else house.fetch(ours)
        if given.lock:
            print(f"{len(theirs)} digests written; commit tools/wheels.sha256")
            return
        if not audit(theirs, ask=given.audit == "ask"):
            raise DistError("not made; with AUDIT=none it is made all the same, and is not audited")
        name = f"buzzwatch-{version}-linux-{platform.machine()}"
        tree = Path(scratch) / name
        lay_out(source, tree, [ours, *theirs])
        (tree / "VERSION").write_text(f"{version}\n", "utf-8")
        (tree / "sbom.cdx.json").write_text(bill_of_materials(ours, theirs, born), "utf-8")
        write_sums(tree)
        given.into.mkdir(parents=True, exist_ok=True)
        archive = given.into / f"{name}.tar.gz"
        pack(tree, archive, born)
        (given.into / "SHA256SUMS").write_text(f"{digest(archive)}  {archive.name}\n", "utf-8")
        size = archive.stat().st_size / 1e6
        print(f"{archive}: {size:.1f} MB, {len(theirs)} wheels beside ours, sha256 {digest(archive)}")


def export_commit(target: Path) -> int:
    """The files of the commit, and its time in Unix seconds."""
    git = ["git", "-C", str(ROOT)]
    if not (ROOT / ".git").exists():
        raise DistError(f"{ROOT} is no git checkout: the archive is made of a commit")
    if subprocess.run([*git, "status", "--porcelain"], check=True, capture_output=True, text=True).stdout:
        print("dist: there are changes that are not committed; they are left out", file=sys.stderr)
    target.mkdir()
    files = subprocess.run([*git, "archive", "HEAD"], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(files)) as tar:
        tar.extractall(target, filter="data")
    return int(subprocess.run([*git, "log", "-1", "--format=%ct"], check=True, capture_output=True, text=True).stdout)


def set_version(source: Path, other: str | None) -> str:
    """The number that the package says it has, after another one was written there."""
    path = source / "buzzwatch/__init__.py"
    text = path.read_text("utf-8")
    if other:
        text = re.sub(r'(?m)^__version__ = ".*"$', f'__version__ = "{other}"', text)
        path.write_text(text, "utf-8")
    return re.search(r'(?m)^__version__ = "(.+)"$', text)[1]


def build_wheel(source: Path, target: Path) -> Path:
    """Our own wheel, by the build back-end of constraints.txt."""
    pins = str(source / "constraints.txt")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    options = ["--no-deps", "--no-cache-dir", "--constraint", pins, "--build-constraint", pins, "--wheel-dir", target]
    subprocess.run([*pip, "wheel", *map(str, options), str(source)], check=True)
    (wheel,) = target.glob("buzzwatch-*.whl")
    return wheel


def lay_out(source: Path, tree: Path, wheels: list[Path]) -> None:
    """What the archive holds, besides what is said about it."""
    (tree / "wheels").mkdir(parents=True)
    for wheel in wheels:
        shutil.copyfile(wheel, tree / "wheels" / wheel.name)
    for name in NAMES:
        shutil.copytree(source / name, tree / name)
    for name in FILES:
        shutil.copyfile(source / name, tree / name)
    for name in PROGRAMS:
        shutil.copyfile(source / "tools" / name, tree / name)
        (tree / name).chmod(0o755)


def digest(path: Path) -> str:
    """SHA-256, as `sha256sum` prints it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_sums(tree: Path) -> None:
    """SHA256SUMS of every file of the tree, for `sha256sum --check`."""
    files = sorted(path for path in tree.rglob("*") if path.is_file())
    lines = [f"{digest(path)}  {path.relative_to(tree)}\n" for path in files]
    (tree / "SHA256SUMS").write_text("".join(lines), "utf-8")


def pack(tree: Path, archive: Path, born: int) -> None:
    """Sorted, owned by root, of one time, with modes that do not depend on who made it."""
    unfinished = archive.with_name(f".{archive.name}.unfinished")
    with (
        unfinished.open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=9, fileobj=raw, mtime=0) as out,
        tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        for path in [tree, *sorted(tree.rglob("*"))]:
            member = tar.gettarinfo(path, str(path.relative_to(tree.parent)))
            member.uid = member.gid = 0
            member.uname = member.gname = "root"
            member.mtime = born
            member.mode = 0o755 if member.isdir() or path.name in PROGRAMS else 0o644
            if member.isfile():
                with path.open("rb") as content:
                    tar.addfile(member, content)
            else:
                tar.addfile(member)
    unfinished.replace(archive)


if __name__ == "__main__":
    main()
