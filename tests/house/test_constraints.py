"""The versions that an installation gets are the versions that were tested."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PINS = {
    canonicalize_name(name): version
    for name, version in re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE)
}


def requirements():
    project = PROJECT["project"]
    return [
        *PROJECT["build-system"]["requires"],
        *project["dependencies"],
        *(text for group in project["optional-dependencies"].values() for text in group),
        *(text for group in PROJECT["dependency-groups"].values() for text in group if isinstance(text, str)),
    ]


@pytest.mark.parametrize("text", requirements())
def test_every_requirement_is_pinned_within_its_range(text):
    requirement = Requirement(text)
    assert requirement.specifier.contains(PINS[canonicalize_name(requirement.name)])


@pytest.mark.parametrize("name", ["constraints.txt", "Makefile", "pyproject.toml", ".ci/run"])
def test_no_file_says_where_packages_come_from(name):
    text = (ROOT / name).read_text("utf-8")
    assert not re.search(r"index-url|--index|find-links|trusted-host|://", text)
