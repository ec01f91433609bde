"""The bill of materials of an archive, as CycloneDX 1.6, made of the metadata of the wheels that are in it.

Tools that make one look at one installed environment; the archive holds wheels for several Pythons.
"""

import json
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from packaging.utils import canonicalize_name
from wheelhouse import PYTHONS, metadata, needs, sha256


def bill_of_materials(ours: Path, theirs: list[Path], born: int) -> str:
    """JSON, the same for the same wheels; `born` is the commit's time in Unix seconds."""
    packages: dict[str, list[Path]] = {}
    for wheel in [ours, *theirs]:
        packages.setdefault(canonicalize_name(str(metadata(wheel)["Name"])), []).append(wheel)
    components = {name: component(wheels) for name, wheels in sorted(packages.items())}
    root = components.pop("buzzwatch")
    root["type"] = "application"
    references = {name: each["bom-ref"] for name, each in [("buzzwatch", root), *components.items()]}
    wanted = {
        name: sorted(set().union(*(needs(w, p) for w in wheels for p in PYTHONS if fits(w, p))))
        for name, wheels in packages.items()
    }
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"timestamp": datetime.fromtimestamp(born, UTC).isoformat(), "component": root},
        "components": list(components.values()),
        "dependencies": [
            {"ref": references[name], "dependsOn": [references[other] for other in wanted[name] if other in references]}
            for name in sorted(references)
        ],
    }
    content = json.dumps(document, indent=1, sort_keys=True)
    document["serialNumber"] = f"urn:uuid:{uuid5(NAMESPACE_URL, content)}"
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def fits(wheel: Path, python: tuple[int, int]) -> bool:
    """Whether a wheel is for that Python, as far as its name says."""
    tag = wheel.stem.split("-")[-3]
    return f"cp{python[0]}{python[1]}" in tag or not tag.startswith("cp") or "abi3" in wheel.name


def component(wheels: list[Path]) -> dict[str, Any]:
    """One package: name, version, licence, and every wheel of it with its digest."""
    data = metadata(wheels[0])
    name, version = str(data["Name"]), str(data["Version"])
    address = f"pkg:pypi/{canonicalize_name(name)}@{version}"
    about: dict[str, Any] = {
        "type": "library",
        "name": name,
        "version": version,
        "purl": address,
        "bom-ref": address,
        "properties": [
            {"name": f"buzzwatch:wheel:{wheel.name}", "value": f"sha256:{sha256(wheel)}"} for wheel in sorted(wheels)
        ],
    }
    if summary := data.get("Summary"):
        about["description"] = str(summary)
    if licence := licence_of(data):
        about["licenses"] = [licence]
    if len(wheels) == 1:
        about["hashes"] = [{"alg": "SHA-256", "content": sha256(wheels[0])}]
    return about


def licence_of(data: Message) -> dict[str, Any] | None:
    """An SPDX expression where the wheel has one, else the name it gives."""
    if expression := data.get("License-Expression"):
        return {"expression": str(expression)}
    classified = [line.rpartition(" :: ")[2] for line in data.get_all("Classifier", []) if line.startswith("License")]
    named = classified[0] if classified else str(data.get("License", "")).strip().splitlines()[:1]
    text = named if isinstance(named, str) else "".join(named)
    return {"license": {"name": text}} if text else None
