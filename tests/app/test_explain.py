"""What an operator reads of an incident."""

from buzzwatch.app.explain import _why, describe
from buzzwatch.model.incident import Reason
from buzzwatch.model.instant import MINUTE
from buzzwatch.model.signal import Clause, Comparator, Detector, Signal, Trend


def test_who_judged_in_our_place_is_named():
    by = Comparator.GAUSSIAN
    clause = Clause("volume.unusual", True, 8.13, 4.2, by=by)
    assert describe(clause) == "volume.unusual by gaussian: 8.13 (needed 4.2)"
    assert describe(Clause("volume.unusual", True, 8.13, 4.2)) == "volume.unusual: 8.13 (needed 4.2)"
    reason = Reason(
        rule="loud", says="More posts than usual", clauses=(clause,), trend=Trend.RISING, mentions=46, authors=38,
        negative_share=None, reach=None, answered=False,
        signal=Signal(Detector.VOLUME, 15 * MINUTE, 46.0, 3.1, 8.13, by=by),
    )  # fmt: skip
    assert "  volume by gaussian: 46.0 in 15 min, usual 3.1, score 8.1" in list(_why(reason))
