"""How long `buzzwatch check` takes: `python benchmarks/check.py`.

Three files are those of the repository's rules/; 500 brands are invented, each in a file of its own with three rules,
themes and voices. What is measured is the whole command in a process of its own, in processor time (user and system),
the least and the median of nine runs, each beside the peer: a Python that only imports what reads and judges the files.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median

from rig.machine import introduce

RULES = Path(__file__).resolve().parents[1] / "rules"
BRANDS, RUNS, FEW_RUNS = 500, 9, 3
PEER = [sys.executable, "-c", "import ruamel.yaml, pydantic"]
BRAND = """# yaml-language-server: $schema=buzzwatch.schema.json
brand: brand-{number}
name: Brand {number}
timezone: Europe/Paris
language: fr
sector: sector-{sector}
match:
  any: [brand{number}, "brand {number}", "@brand_{number}"]
  not_us: ["brand {number} corporation"]
official: ["x:@brand_{number}", "bluesky:brand{number}.example"]
voices:
  press: ["x:@courrier_du_soir", "bluesky:courrier.example"]
  ours: ["x:@pdg_{number}"]
themes:
  safety: [fumée, incendie, blessé, malaise, "odeur de brûlé"]
  boycott: [boycott, scandale, "plus jamais", honte]
rules:
  - name: bad-buzz
    says: Bien plus de posts en colère que d'habitude
    when: {{negativity: {{unusual: true, over: 15m, at_least: 10, authors: 8}}}}
    budget: 1 per month
    severity: critical
    do: ["Lire les trois posts", "Suspendre les publications"]
  - name: safety
    when: {{mention: {{theme: safety, authors: 3, over: 30m}}}}
    severity: critical
  - name: press
    when: {{mention: {{voice: press, theme: boycott}}}}
    severity: warning
"""


def spent(command: list[str]) -> float:
    """Seconds of processor time of a command, which must succeed."""
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""})
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def compare(name: str, folder: Path, runs: int) -> None:
    command = [sys.executable, "-m", "buzzwatch", "check", str(folder)]
    spent(command)  # the first compiles what was edited
    ours, peer = zip(*((spent(command), spent(PEER)) for _ in range(runs)), strict=True)
    print(f"{name}: {min(ours):.2f} s at least, {median(ours):.2f} s in the median; ", end="")
    print(f"the peer {min(peer):.2f} and {median(peer):.2f} s")


def main() -> None:
    introduce(0)
    compare("three files", RULES, RUNS)
    with tempfile.TemporaryDirectory() as name:
        for number in range(BRANDS):
            text = BRAND.format(number=number, sector=number % 20)
            (Path(name) / f"brand-{number}.yaml").write_text(text, "utf-8")
        compare(f"{BRANDS} brands", Path(name), FEW_RUNS)


if __name__ == "__main__":
    main()
