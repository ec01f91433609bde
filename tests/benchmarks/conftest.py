"""The benchmarks are scripts: what they share is imported as they import it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
