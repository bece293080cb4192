"""Data sets in folders and on a hub of our own: configurations, splits, revisions; patterns; what is refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data import HubDataset, Jsonl, Parquet, Text
from atom_data.errors import ConfigError, DataError
from atom_data.readers.hub.card import by_name, read_card
from atom_data.storage.web import hub as hubs
from atom_data.storage.web.listing import as_expression
from atom_data.testing import check_source
from atom_data.workspace import Workspace
from tests.command import atom_data, fingerprint, recipe
from tests.readers.archives import outcome
from tests.readers.hub.server import COMMITS, Hub, serve

PAGE = """---
license: cc-by-4.0
language: [en]
configs:
- config_name: default
  data_files:
  - {split: train, path: "data/train-*.parquet"}
  - {split: test, path: ["data/test.parquet"]}
- config_name: lines
  data_files: "more/**/*.jsonl"
- config_name: notes
  data_dir: notes
---
# A data set
"""


def table(*texts: str) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"text": list(texts), "n": list(range(len(texts)))}), sink)
    return sink.getvalue().to_pybytes()


def lines(*texts: str) -> bytes:
    return "".join(json.dumps({"text": text}) + "\n" for text in texts).encode()


FILES = {
    "README.md": PAGE.encode(),
    "data/train-00000-of-00002.parquet": table("one", "two"),
    "data/train-00001-of-00002.parquet": table("three"),
    "data/test.parquet": table("four"),
    "more/a/x.jsonl": lines("five"),
    "more/b/c/y.jsonl": lines("six"),
    "notes/z.txt": b"seven\n",
    ".gitattributes": b"x",
}
SPLITS: list[tuple[str, str, list[str]]] = [
    ("default", "train", ["one", "two", "three"]),
    ("default", "test", ["four"]),
    ("lines", "train", ["five", "six"]),
    ("notes", "train", ["seven"]),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in FILES.items():
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_bytes(data)
    return tmp_path / "set"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """Serve the data set at two commits, in a process whose huggingface_hub asks this hub alone."""
    pytest.importorskip("huggingface_hub")
    older = {name: data for name, data in FILES.items() if "00001" not in name}
    made = Hub({"org/set": {COMMITS["main"]: FILES, COMMITS["v1"]: older}})
    hubs.hub_info.cache_clear()
    with serve(made) as url:
        monkeypatch.setenv("HF_ENDPOINT", url)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
        yield made
    hubs.hub_info.cache_clear()


def texts(source: Any) -> list[str]:
    return [row["text"] for row in outcome(source).rows]


@pytest.mark.parametrize(("config", "split", "expected"), SPLITS)
def test_folder(config: str, split: str, expected: list[str], folder: Path) -> None:
    source = HubDataset(path=str(folder), config=config, split=split)
    assert texts(source) == expected
    check_source(source)


@pytest.mark.parametrize(("config", "split", "expected"), SPLITS)
def test_hub(config: str, split: str, expected: list[str], hub: Hub) -> None:
    source = HubDataset(path="hf://datasets/org/set", config=config, split=split)
    hub.cuts = 2
    assert texts(source) == expected
    assert {path for path in hub.requests if "resolve" in path} <= {
        f"datasets/org/set/resolve/{COMMITS['main']}/{name}" for name in FILES
    }
    check_source(source)


def test_revisions(hub: Hub) -> None:
    assert texts(HubDataset(path="hf://datasets/org/set@v1")) == ["one", "two"]
    assert texts(HubDataset(path=f"hf://datasets/org/set@{COMMITS['v1']}")) == ["one", "two"]
    assert texts(Parquet(f"hf://datasets/org/set@{COMMITS['main']}/data/test.parquet")) == ["four"]
    assert texts(Parquet("hf://datasets/org/set/data/train-*.parquet", ids="row")) == ["one", "two", "three"]
    assert texts(Jsonl("hf://datasets/org/set/more/", ids="row")) == ["five", "six"]
    shards = Parquet("hf://datasets/org/set/data/*.parquet").shards(Workspace(""))
    assert {f"@{COMMITS['main']}/" in shard.path for shard in shards} == {True}


def test_private(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.token = "hf_secret"
    with pytest.raises(DataError, match=r"/datasets/org/set/resolve/.*: cannot be opened \(HTTP Error 401: .*HF_TOKEN"):
        texts(HubDataset(path="hf://datasets/org/set"))
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert texts(HubDataset(path="hf://datasets/org/set", split="test")) == ["four"]


def test_errors(folder: Path, hub: Hub) -> None:
    for path in (str(folder), "hf://datasets/org/set"):
        with pytest.raises(ConfigError, match=r"no configuration 'x'; there are default, lines, notes. Take one."):
            HubDataset(path=path, config="x").schema()
        with pytest.raises(
            ConfigError, match=r"no files of a split 'dev' in 'default'; splits there: test, train. Take one."
        ):
            HubDataset(path=path, split="dev").schema()
    with pytest.raises(DataError, match=r"hf://datasets/org/none@v9: cannot be listed"):
        HubDataset(path="hf://datasets/org/none@v9").schema()
    with pytest.raises(DataError, match=r"is not an address of a data set. Write hf://datasets/OWNER/NAME"):
        Parquet("hf://models/org/x/a.parquet").shards(Workspace(""))
    with pytest.raises(ConfigError, match=r"is not a folder. Give the folder of a data set, or hf://"):
        HubDataset(path=f"{folder}/nothing").schema()
    with pytest.raises(ConfigError, match="it is a folder, or hf://datasets/OWNER/NAME@REVISION"):
        HubDataset(path="s3://bucket/set")
    (folder / "README.md").write_text("---\nlicense: [a\n---\n")
    with pytest.raises(ConfigError, match=r"README.md: the YAML at its head is broken"):
        HubDataset(path=str(folder)).schema()


def test_splits_by_names() -> None:
    assert by_name(["data/train-0.parquet", "data/valid.parquet", "test/0.parquet"]) == {
        "train": ["data/train-0.parquet"], "validation": ["data/valid.parquet"], "test": ["test/0.parquet"],
    }  # fmt: skip
    assert by_name(["a.parquet", "latest.parquet"]) == {"train": ["a.parquet", "latest.parquet"]}
    assert by_name(["dev.csv", "my_train_file.csv"]) == {"validation": ["dev.csv"], "train": ["my_train_file.csv"]}


def test_license_and_no_page() -> None:
    assert read_card(PAGE, "x").license == "cc-by-4.0"
    assert read_card("---\nlicense:\n- mit\n- cc0-1.0\n---\n", "x").license == "mit, cc0-1.0"
    assert read_card("# No YAML\n", "x").license is None
    with pytest.raises(ConfigError, match="x: a configuration without config_name"):
        read_card("---\nconfigs:\n- data_files: a\n---\n", "x")


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("data/*.parquet", "data/a.parquet", "data/b/a.parquet"),
        ("**/*.parquet", "a/b/c.parquet", "a/b/c.json"),
        ("**/*.parquet", "c.parquet", "c.parquet.x"),
        ("a?[0-9].csv", "ab1.csv", "a/1.csv"),
        ("[!a].csv", "b.csv", "a.csv"),
        ("data/", "data/a/b.csv", "other/a.csv"),
        ("a+b.csv", "a+b.csv", "aab.csv"),
    ],
)
def test_patterns(pattern: str, yes: str, no: str) -> None:
    assert as_expression(pattern).fullmatch(yes) and not as_expression(pattern).fullmatch(no)


@pytest.mark.parametrize(
    "url", ["gs://bucket/a.parquet", "az://box/*.parquet", "abfs://x/y.parquet", "hdfs://n/a.parquet"]
)
def test_stores_that_nothing_is_tested_with(url: str) -> None:
    scheme = url.partition(":")[0]
    with pytest.raises(
        ConfigError, match=rf"{scheme}:// is not read, because no test covers it. Copy the files with .*pip install"
    ):
        Parquet(url).shards(Workspace(""))


RECIPE = """
    from atom_data import HubDataset, Stage

    def stages(*, path: str):
        return (Stage(name="rows", reads=HubDataset(path=path)),)
"""


def test_receipts_say_what_was_read(folder: Path, hub: Hub, tmp_path: Path) -> None:
    path = recipe(tmp_path, RECIPE)
    far = atom_data("run", path, "-o", tmp_path / "far", "-w", 1, "--set", "path=hf://datasets/org/set@main")
    assert far.returncode == 0, far.stderr
    (receipt, *_) = sorted((tmp_path / "far/rows/receipts").glob("*.json"))
    said = json.loads(receipt.read_text())["notes"]["dataset"]
    assert said == {"config": "default", "split": "train", "revision": COMMITS["main"], "license": "cc-by-4.0"}
    again = atom_data("run", path, "-o", tmp_path / "far", "-w", 1)
    assert "done already" in again.stderr, again.stderr
    near = atom_data("run", path, "-o", tmp_path / "near", "-w", 1, "--set", f"path={folder}")
    assert near.returncode == 0, near.stderr
    assert fingerprint(tmp_path / "near") == fingerprint(tmp_path / "far")


def test_text_files(folder: Path) -> None:
    assert texts(Text(f"{folder}/notes")) == ["seven"]
