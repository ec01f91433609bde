"""The corpus, lived through once."""

import pytest
from corpus import Lived, live


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """What came of it."""
    return live(tmp_path_factory.mktemp("lived"))
