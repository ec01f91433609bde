"""The archive to install from: the same bytes for the same commit, only known wheels, no audit that was none."""

import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import audit  # noqa: E402 - scripts beside each other
import dist  # noqa: E402
import sbom  # noqa: E402
import wheelhouse  # noqa: E402


def make_wheel(
    folder: Path, name: str, *needs: str, version: str = "1.0", tag: str = "py3-none-any", more: str = ""
) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{version}-{tag}.whl"
    lines = [f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}", *(f"Requires-Dist: {need}" for need in needs)]
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(
            zipfile.ZipInfo(f"{name}-{version}.dist-info/METADATA"), "\n".join([*lines, more]).strip() + "\n\n"
        )
    return path


def test_the_same_tree_gives_the_same_bytes_whoever_makes_it_and_when(tmp_path):
    packed = []
    for number, umask in enumerate((0o022, 0o077)):
        tree = tmp_path / str(number) / "tree"
        os.umask(umask)
        try:
            for name in ("b", "a", "install.sh") if number else ("install.sh", "a", "b"):
                (tree / "sub").mkdir(parents=True, exist_ok=True)
                (tree / "sub" / name).write_text(name)
                os.utime(tree / "sub" / name, (number, number))
        finally:
            os.umask(0o022)
        dist.write_sums(tree)
        archive = tmp_path / str(number) / "tree.tar.gz"
        dist.pack(tree, archive, 1_700_000_000)
        packed.append(archive.read_bytes())
    assert packed[0] == packed[1]
    with tarfile.open(archive) as tar:
        assert {member.mtime for member in tar} == {1_700_000_000}
        assert {(member.uid, member.uname) for member in tar} == {(0, "root")}
        assert tar.getmember("tree/sub/install.sh").mode == 0o755
        assert tar.getmember("tree/sub/a").mode == 0o644


def test_the_list_of_digests_is_one_that_sha256sum_takes(tmp_path):
    (tmp_path / "a b").write_text("x")
    dist.write_sums(tmp_path)
    checked = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path, check=False)
    assert checked.returncode == 0


def test_each_python_gets_what_its_own_markers_ask_for(tmp_path):
    windows, extra = "dos; sys_platform == 'win32'", "more; extra == 'more'"
    of_age = ("old; python_version < '3.12'", "new; python_version >= '3.13'")
    ours = make_wheel(tmp_path, "ours", *of_age, windows, extra, "all>=1")
    assert wheelhouse.needs(ours, (3, 11)) == {"old", "all"}
    assert wheelhouse.needs(ours, (3, 12)) == {"all"}
    assert wheelhouse.needs(ours, (3, 13)) == {"new", "all"}


@pytest.fixture
def house(tmp_path):
    (tmp_path / "constraints.txt").write_text("one==1.0\ntwo==1.0\n")
    make_wheel(tmp_path / "store", "one", "two")
    make_wheel(tmp_path / "store", "two")
    return wheelhouse.Wheelhouse(tmp_path / "constraints.txt", tmp_path / "store", tmp_path / "sums")


def test_only_wheels_whose_digests_are_known_are_packed(tmp_path, house):
    ours = make_wheel(tmp_path, "ours", "one")
    assert [wheel.name.split("-")[0] for wheel in house.lock(ours)] == ["one", "two"]
    assert len(house.fetch(ours)) == 2
    make_wheel(tmp_path / "store", "two", more="Summary: another")
    with pytest.raises(OSError, match=r"two-1.0-py3-none-any.whl: is not the one of tools/wheels.sha256"):
        house.fetch(ours)


def test_the_digests_are_of_the_versions_that_are_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pinned = re.findall(r"(?m)^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text("utf-8"))
    pins = {canonicalize_name(name): version for name, version in pinned}
    known = [parse_wheel_filename(line.split()[1]) for line in (ROOT / "tools/wheels.sha256").read_text().splitlines()]
    assert {name: str(version) for name, version, *_ in known}.items() <= pins.items(), "make dist LOCK=--lock"
    assert {canonicalize_name(Requirement(text).name) for text in project["dependencies"]} <= {
        name for name, *_ in known
    }


def test_the_bill_names_each_package_once_with_its_wheels_digests_and_what_needs_what(tmp_path):
    ours = make_wheel(tmp_path, "buzzwatch", "one>=1")
    wheels = [
        make_wheel(tmp_path, "one", tag=f"cp{minor}-cp{minor}-manylinux_2_17_x86_64", more="License-Expression: MIT")
        for minor in (311, 312)
    ]
    text = sbom.bill_of_materials(ours, wheels, 1_700_000_000)
    assert text == sbom.bill_of_materials(ours, wheels, 1_700_000_000)
    bill = json.loads(text)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    (one,) = bill["components"]
    assert (one["name"], one["purl"], one["licenses"]) == ("one", "pkg:pypi/one@1.0", [{"expression": "MIT"}])
    assert len(one["properties"]) == 2
    needed = {each["ref"]: each["dependsOn"] for each in bill["dependencies"]}
    assert needed == {"pkg:pypi/buzzwatch@1.0": ["pkg:pypi/one@1.0"], "pkg:pypi/one@1.0": []}


SAFE = {"name": "One", "version": "1.0", "vulns": []}
HOLED = {"name": "one", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": []}]}
SKIPPED = {"name": "one", "skip_reason": "Dependency not found on PyPI and could not be audited: one (1.0)"}


@pytest.mark.parametrize(
    ("answer", "passes", "said"),
    [
        ({"dependencies": [SAFE]}, True, "no known hole in 1 packages"),
        ({"dependencies": [HOLED]}, False, "one==1.0 has PYSEC-1; mended in 1.1"),
        ({"dependencies": [SKIPPED]}, False, "COULD NOT BE MADE for 1 of 1 packages: Dependency not found"),
        ({"dependencies": []}, False, "COULD NOT BE MADE"),
        ({}, False, "COULD NOT BE MADE for 1 of 1 packages: no such host"),
    ],
)
def test_an_audit_passes_only_where_each_package_was_answered_for(tmp_path, monkeypatch, capsys, answer, passes, said):
    monkeypatch.setattr(audit, "ask_pip_audit", lambda _pins: (answer, "no such host\n"))
    assert audit.audit([make_wheel(tmp_path, "one")], ask=True) is passes
    printed = capsys.readouterr()
    assert said in printed.out + printed.err


def test_an_audit_that_nobody_asked_for_says_that_it_was_not_made(tmp_path, capsys):
    assert audit.audit([], ask=False)
    assert "NOT MADE" in capsys.readouterr().err


@pytest.mark.soak
def test_the_whole_archive_twice_is_the_same_installs_without_network_and_can_be_gone_back_from(tmp_path):
    """Fetches wheels where they are not kept already. Twice the environment: three minutes on two busy cores."""
    making = [sys.executable, ROOT / "tools/dist.py", "--audit", "none", "--into"]
    for name, more in [("a", ()), ("b", ()), ("c", ("--version", "999.1"))]:
        subprocess.run([*making, tmp_path / name, *more], check=True)
    (first,), (second,), (later,) = ((tmp_path / name).glob("*.tar.gz") for name in "abc")
    assert first.read_bytes() == second.read_bytes()
    environment = {"PATH": os.environ["PATH"], "DESTDIR": str(tmp_path / "root"), "PIP_INDEX_URL": "http://127.0.0.1:1"}
    offline = ["unshare", "--net"] if os.geteuid() == 0 else []
    opt = tmp_path / "root/opt/buzzwatch"
    for archive in (first, later):
        with tarfile.open(archive) as tar:
            tar.extractall(tmp_path, filter="data")
        tree = tmp_path / archive.name.removesuffix(".tar.gz")
        subprocess.run([*offline, "sh", tree / "install.sh"], env=environment, check=True)
    version = [opt / "current/bin/buzzwatch", "--version"]
    assert subprocess.run(version, capture_output=True, text=True, check=True).stdout == "999.1\n"
    config = tmp_path / "root/etc/buzzwatch/buzzwatch.yaml"
    checked = subprocess.run([opt / "current/bin/buzzwatch", "check", "--config", config], check=False)
    assert checked.returncode == 0
    subprocess.run(
        [*offline, "sh", opt / "current/share/install.sh", "--rollback", "--yes"], env=environment, check=True
    )
    assert subprocess.run(version, capture_output=True, text=True, check=True).stdout != "999.1\n"


@pytest.mark.soak
def test_the_wheel_installs_by_itself_from_the_archive(tmp_path):
    subprocess.run([sys.executable, ROOT / "tools/dist.py", "--audit", "none", "--into", tmp_path], check=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    wheels = tmp_path / archive.name.removesuffix(".tar.gz") / "wheels"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    pip = [
        tmp_path / "venv/bin/pip",
        "--isolated",
        "install",
        "--quiet",
        "--no-index",
        "--find-links",
        wheels,
        "buzzwatch",
    ]
    subprocess.run(pip, check=True)
    assert subprocess.run([tmp_path / "venv/bin/buzzwatch", "--help"], check=False, capture_output=True).returncode == 0
