"""Posts mentions one by one, inside the machine, and keeps the names of those that were acknowledged.

`poster.py BEGINNING NUMBER FILE`: their names begin with BEGINNING.
"""

import json
import sys
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

beginning, number, file = sys.argv[1], int(sys.argv[2]), sys.argv[3]
token = Path("/etc/buzzwatch/credentials/intake").read_text().strip()
with open(file, "a", encoding="utf-8") as kept:  # noqa: PTH123 - kept open
    for each in range(number):
        mention = {
            "id": f"{beginning}:{each}",
            "author": {"id": f"a{each}", "followers": 100},
            "text": f"Acme, flight {each}",
            "created_at": datetime.now(UTC).isoformat(),  # noqa: TID251 - the daemon runs by the real clock
        }
        request = urllib.request.Request(
            "http://127.0.0.1:8787/mentions",
            json.dumps(mention).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                receipt = json.load(answer)
        except OSError:
            break
        assert receipt["accepted"] == 1, receipt
        kept.write(mention["id"] + "\n")
        kept.flush()
