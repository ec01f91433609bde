"""What a week-end sketch of the same idea costs: decode, match, VADER, a z-score by river; no journal, threads, rules.

A yardstick, not a rival: it gives no alert that anybody could use. Its packages are no part of the project.
"""

import json
import re
import time
from collections.abc import Sequence

try:
    from river.stats import EWMean, EWVar
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
except ImportError:
    SentimentIntensityAnalyzer = None


def sketch(lines: Sequence[bytes], keys: list[str]) -> float | None:
    """Mentions a second on lines of JSON; None without its packages (`pip install river vaderSentiment`)."""
    if SentimentIntensityAnalyzer is None:
        return None
    scorer = SentimentIntensityAnalyzer()
    names = re.compile(rf"\b({'|'.join(keys)})\b", re.IGNORECASE)
    means = {key: EWMean(0.05) for key in keys}
    variances = {key: EWVar(0.05) for key in keys}
    minutes: dict[str, str] = {}
    angry = dict.fromkeys(keys, 0)
    alarms = 0
    began = time.process_time()
    for line in lines:
        mention = json.loads(line)
        found = names.search(mention["text"])
        if found is None:
            continue
        key = found[1].lower()
        angry[key] += scorer.polarity_scores(mention["text"])["compound"] < -0.05
        minute = mention["created_at"][:16]
        if minutes.setdefault(key, minute) != minute:
            deviation = max(variances[key].get(), 1.0) ** 0.5
            alarms += (angry[key] - means[key].get()) / deviation > 4
            means[key].update(angry[key])
            variances[key].update(angry[key])
            minutes[key], angry[key] = minute, 0
    return len(lines) / (time.process_time() - began)
