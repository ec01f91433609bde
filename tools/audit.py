"""Asks whether known holes are in what is shipped, and never takes silence for a no."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from wheelhouse import metadata


def audit(wheels: list[Path], *, ask: bool) -> bool:
    """Whether the archive may be made; says aloud what was found, what was not answered, or that nobody asked."""
    if not ask:
        print("audit: NOT MADE, as asked: nobody looked for known holes", file=sys.stderr)
        return True
    pins = sorted({f"{data['Name']}=={data['Version']}" for data in map(metadata, wheels)})
    answer, why = ask_pip_audit(pins)
    holes, silent, reasons = read_answer(answer, pins)
    for line in holes:
        print(f"audit: {line}", file=sys.stderr)
    if silent:
        told = reasons[0] if reasons else (why.strip().splitlines() or ["it names no reason"])[-1]
        print(f"audit: COULD NOT BE MADE for {len(silent)} of {len(pins)} packages: {told}", file=sys.stderr)
        print("audit: make it where pypi.org answers, by its JSON interface", file=sys.stderr)
    if not holes and not silent:
        print(f"audit: no known hole in {len(pins)} packages")
    return not holes and not silent


def ask_pip_audit(pins: list[str]) -> tuple[dict[str, Any], str]:
    """What pip-audit prints as JSON, {} where it prints none, and what it says beside."""
    with tempfile.TemporaryDirectory() as scratch:
        listed = Path(scratch) / "requirements.txt"
        listed.write_text("\n".join(pins), "utf-8")
        options = ["--requirement", str(listed), "--no-deps", "--disable-pip", "--format", "json"]
        options += ["--progress-spinner", "off", "--timeout", "15"]
        ran = subprocess.run(
            [sys.executable, "-m", "pip_audit", *options], capture_output=True, text=True, timeout=1800, check=False
        )
    try:
        return json.loads(ran.stdout), ran.stderr
    except ValueError:
        return {}, ran.stderr or f"pip-audit ended with {ran.returncode}"


def read_answer(answer: dict[str, Any], pins: list[str]) -> tuple[list[str], list[str], list[str]]:
    """The holes, one sentence each; the packages about which nothing was answered; the reasons given for that.

    pip-audit ends with 0 and says "No known vulnerabilities found" also where it could ask about none of them.
    """
    asked = {canonicalize_name(pin.partition("==")[0]): pin for pin in pins}
    holes, reasons, answered = [], [], set()
    for each in answer.get("dependencies", []):
        name = canonicalize_name(each["name"])
        if "vulns" not in each:
            reasons.append(str(each.get("skip_reason", "no answer")))
            continue
        answered.add(name)
        for hole in each["vulns"]:
            mended = ", ".join(hole.get("fix_versions", [])) or "nothing yet"
            holes.append(f"{asked.get(name, name)} has {hole['id']}; mended in {mended}")
    return holes, [pin for name, pin in asked.items() if name not in answered], reasons
