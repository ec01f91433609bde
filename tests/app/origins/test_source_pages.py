"""The pages on sources show configurations and mappings that work as they stand."""

import re
from datetime import UTC
from pathlib import Path

import pytest

from buzzwatch.app.config import load
from buzzwatch.app.mapping_file import load_mapping

PAGES = Path(__file__).parents[3] / "docs/sources"
CODE = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHOWN = [
    pytest.param(block, id=f"{page.name}-{number}")
    for page in sorted(PAGES.glob("*.md"))
    for number, block in enumerate(CODE.findall(page.read_text("utf-8")))
    if "webhook:" in block
]


@pytest.mark.parametrize("block", SHOWN)
def test_every_webhook_that_a_page_shows_is_understood(tmp_path, block):
    path = tmp_path / "buzzwatch.yaml"
    path.write_text(block)
    assert load(path, {}).sources


def test_the_mapping_that_its_page_shows_is_understood_and_reads_an_item(tmp_path):
    (block,) = CODE.findall((PAGES / "mapping.md").read_text("utf-8"))
    path = tmp_path / "other.yaml"
    path.write_text(block)
    mapping = load_mapping(path, UTC)
    assert mapping.fields["deleted"].otherwise == "false"
    assert mapping.fields["stars"].out_of == 10
