"""docs/reference/output.md is what the code says now, and what it says of files is true of a finished run."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pyarrow.parquet as pq
import pytest

from atom_data.storage.receipts import Reading, Receipt
from tests.command import ROOT


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("output_page", ROOT / "docs" / "reference" / "output.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_page_is_what_the_code_says(maker: ModuleType) -> None:
    assert maker.PAGE.read_text() == maker.page(), "docs/reference/output.md is stale: run `make docs`"


def test_example_is_a_receipt(maker: ModuleType) -> None:
    value = json.loads(re.findall(r"```json\n(.*?)```", maker.PAGE.read_text(), re.S)[0])
    assert Receipt.read(value, "the page").value() == {key: value[key] for key in value if key != "sha256"}


def test_a_field_without_words_is_refused(maker: ModuleType) -> None:
    said = maker.documented('class A:\n    one: int = 0\n    """The first."""\n    two: int = 0\n', "A")
    assert said == {"one": "The first."}
    with pytest.raises(ValueError, match=r"Reading\.shard has no docstring. Say what it is."):
        maker.fields_of(Reading)


def section(page: str, head: str) -> set[str]:
    """Return the names in the first column of the first table below a heading."""
    part = page.partition(f"# {head}\n")[2]
    return set(re.findall(r"^\| `(\w+)` \|", part.partition("\n#")[0], re.M))


def test_files_of_a_run_have_what_the_page_says(maker: ModuleType, sample_run: Path) -> None:
    page = maker.PAGE.read_text()
    stage = sample_run / "clean"
    for path in (stage / "receipts").glob("*.json"):
        value = json.loads(path.read_text())
        assert value.keys() <= section(page, "A receipt")
        assert all(item.keys() <= section(page, "An input") for item in value["inputs"])
        assert all(item.keys() == section(page, "A file") for item in value["outputs"])
        assert value["measured"].keys() == section(page, "What a task took") - {"network"}
    assert json.loads((stage / "plan.json").read_text()).keys() == section(page, "The list of shards")
    assert set(pq.read_schema(stage / "receipts" / "all.pq").names) == section(page, "All receipts in one table")
    for folder, head in (("drops", "The ledger"), ("dead", "Dead letters")):
        for path in sample_run.rglob(f"{folder}/*.parquet"):
            assert set(pq.read_schema(path).names) == section(page, head)
    for path in sample_run.rglob("*.docs.parquet"):
        assert section(page, "Documents of a token shard") <= set(pq.read_schema(path).names)
