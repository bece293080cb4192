"""The code in docs/loader.md that needs torch alone runs as it stands there; the rest is in tests/frameworks."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.command import ROOT, atom_data
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


def block(word: str) -> str:
    (found,) = [text for text in BLOCKS if word in text]
    return found


def test_plain_torch(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = run(block("islice"), folder, monkeypatch)
    assert names["state"]["consumed"] == 12
    assert names["batch"]["sample"].tolist() == [14, 15]
    assert names["batch"]["input_ids"].shape == (256,)


def test_packing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (command,) = re.findall(r"```bash\natom-data (.*?)\n```", (ROOT / "docs" / "loader.md").read_text())
    places = {"out/tokens", "packed"}
    done = atom_data(*(folder / word if word in places else word for word in command.split()))
    assert done.returncode == 0, done.stderr
    names = run(block("PackedShards"), folder, monkeypatch)
    assert names["sample"]["input_ids"].shape == (128,)


def test_sampler_of_numbers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = run(block("batch_sampler=numbers"), folder, monkeypatch)
    assert [batch["sample"].tolist()[0] for batch in names["batches"]] == [8, 12, 16]


def test_every_block_is_run_here_or_with_its_framework() -> None:
    words = (
        "islice",
        "PackedShards",
        "batch_sampler=numbers",
        "lightning",
        "transformers",
        "megatron",
        "torchtitan",
        "grain",
    )
    assert [sum(word in text for word in words) for text in BLOCKS] == [1] * len(words)
