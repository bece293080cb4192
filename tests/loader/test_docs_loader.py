"""The code in docs/loader.md runs as it stands there."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.command import ROOT
from tests.tokens.corpus import rows, token_run

pytest.importorskip("torch")
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "loader.md").read_text(), re.S)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("docs")
    token_run(made, {f"s{i}": rows(200, f"s{i}-") for i in range(2)})
    return made


def run(block: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {"__name__": "docs"}
    exec(compile(block, "docs/loader.md", "exec"), names)
    return names


def test_plain_torch(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = run(BLOCKS[0], folder, monkeypatch)
    assert names["state"]["consumed"] == 12
    assert names["batch"]["sample"].tolist() == [14, 15]
    assert names["batch"]["input_ids"].shape == (256,)


def test_sampler_of_numbers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = run(BLOCKS[1], folder, monkeypatch)
    assert [batch["sample"].tolist()[0] for batch in names["batches"]] == [8, 12, 16]


def test_random_access_source(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = run(BLOCKS[2], folder, monkeypatch)
    assert int(names["sample"]["sample"]) == 7
    assert len(names["source"]) == 1_000
