"""Our steps in datatrove's pipelines, under its own executors, readers and writers."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from datatrove.data import Document, Media
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.filters import LambdaFilter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

from atom_data import keep
from atom_data.batch import column, with_columns
from atom_data.bridge import AtomFilter
from atom_data.errors import ConfigError, DataError
from atom_data.signals import CheckUrl, count_characters, count_lines, count_words
from tests.bridge.test_blocks import TEXTS

LONG = "The words of this text have many letters, and that is what to be with it. " * 12
STEPS = (count_words, count_lines, keep("gopher_quality"))


def document(text: str | None, number: int = 0, **metadata: object) -> Document:
    made = Document(text="", id=f"id-{number}", metadata=metadata)
    made.text = text
    return made


def upper(batch: pa.RecordBatch) -> pa.RecordBatch:
    text = column(batch, "text")
    return with_columns(batch, text=pc.if_else(pc.match_substring(text, "nothing"), text, pc.utf8_upper(text)))


def passed(step: AtomFilter, documents: list[Document]) -> list[Document]:
    return list(step.run(iter(documents), rank=0, world_size=1))


def test_decides_as_a_stage_does_for_any_batch_size() -> None:
    texts = [*TEXTS, LONG, LONG[:100]]
    batch = pa.record_batch({"id": [f"id-{n}" for n in range(len(texts))], "text": pa.array(texts, pa.string())})
    for step in STEPS:
        batch = step(batch)
    for size in (1, 3, 1000):
        documents = [document(text, number) for number, text in enumerate(texts)]
        found = AtomFilter(steps=STEPS, batch_size=size).filter_batch(documents)
        reasons = [None if result is True else result[1] for result in found]
        assert reasons == batch.column("_drop_reason").to_pylist()
        words = [item.metadata["word_count"] for item in documents]
        assert words == batch.column("word_count").to_pylist()
        rules = [item.metadata.get("filter_rules") for item in documents]
        assert rules == batch.column("_drop_rules").to_pylist()
        assert [item.text for item in documents] == texts


def test_documents_keep_place_metadata_and_media() -> None:
    media = [Media(id="m", type=0, url="u", alt=None)]
    documents = [document(LONG + str(n), n, url=f"http://site-{n}.org/x", odd={"a": [1]}) for n in range(25)]
    documents[3].media = media
    step = AtomFilter(steps=(count_characters, CheckUrl()), writes=("domain", "text_bytes"), batch_size=10)
    kept = passed(step, documents)
    assert [item.id for item in kept] == [f"id-{n}" for n in range(25)]
    assert kept[7].metadata == {
        "url": "http://site-7.org/x", "odd": {"a": [1]}, "domain": "site-7.org", "text_bytes": len(LONG) + 1,
    }  # fmt: skip
    assert kept[3].media is media
    assert step.stats.stats["forwarded"].total == 25
    assert step.stats.stats["batches"].total == 3


def test_text_is_set_only_where_a_step_changed_it() -> None:
    texts = ["abc", "nothing\0here", "with a half \ud83d", None]
    kept = passed(AtomFilter(steps=(upper,)), [document(text, n) for n, text in enumerate(texts)])
    assert [item.text for item in kept] == ["ABC", "nothing\0here", "WITH A HALF �", None]


def test_metadata_of_another_type_is_null() -> None:
    def seen(batch: pa.RecordBatch) -> pa.RecordBatch:
        return with_columns(batch, seen=column(batch, "score"))

    values: list[Any] = [0.5, "x", None, 2, {"a": 1}, 1 << 70]
    documents = [document("t", n, score=value) for n, value in enumerate(values)] + [document("t", 9)]
    kept = passed(AtomFilter(steps=(seen,), reads={"score": "float64"}), documents)
    assert [item.metadata["seen"] for item in kept][:5] == [0.5, None, None, 2.0, None]
    assert kept[-1].metadata["seen"] is None
    assert kept[1].metadata["score"] == "x"


def test_a_card_keeps_its_rows_from_later_steps(tmp_path: Path) -> None:
    sizes: list[int] = []

    def look(batch: pa.RecordBatch) -> pa.RecordBatch:
        sizes.append(batch.num_rows)
        return batch

    card = tmp_path / "own.toml"
    card.write_text('source = "a test"\n[[rule]]\nreason = "size"\ncolumn = "text_bytes"\nmin = 5\n')
    step = AtomFilter(steps=(count_characters, keep(str(card)), look))
    kept = passed(step, [document("x" * n, n) for n in range(10)])
    assert [len(item.text) for item in kept] == [5, 6, 7, 8, 9]
    assert sizes == [0, 5]
    assert step.stats.stats["dropped_own.size"].total == 5


def test_large_documents_go_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def look(batch: pa.RecordBatch) -> pa.RecordBatch:
        sizes.append(batch.num_rows)
        return batch

    monkeypatch.setattr("atom_data.bridge.steps.BATCH_BYTES", 100)
    kept = passed(AtomFilter(steps=(look,)), [document("x" * n, n) for n in (60, 30, 20, 500, 1, 1)])
    assert sizes == [0, 2, 1, 1, 2]
    assert [len(item.text) for item in kept] == [60, 30, 20, 500, 1, 1]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: AtomFilter(steps=(keep("gopher_quality"),)), r'AtomFilter, keep\("gopher_quality"\): no column'),
        (lambda: AtomFilter(steps=(CheckUrl(),), reads={}), "no column 'url'; columns here: id, text"),
        (lambda: AtomFilter(steps=(), reads={"url": "text"}), "AtomFilter: reads: .*Give Arrow types such as string"),
        (lambda: AtomFilter(steps=(), reads={"id": "string"}), "reads names id or text"),
        (
            lambda: AtomFilter(steps=(), writes=("word_cuont",)),
            "writes 'word_cuont', but no step adds it; columns here: id,",
        ),
    ],
)
def test_mistakes_are_named_where_the_pipeline_is_made(make: Callable[[], AtomFilter], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        make()


def test_a_step_that_loses_rows_is_refused() -> None:
    step = AtomFilter(steps=(lambda batch: batch.slice(batch.num_rows // 2),))
    with pytest.raises(DataError, match="it was given 4 rows and returned 2, not the same in the same order"):
        passed(step, [document("t", n) for n in range(4)])


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four files of documents, some too short for Gopher's rules."""
    folder = tmp_path_factory.mktemp("pages")
    for part in range(4):
        lines = [
            {
                "id": f"{part}-{n}",
                "text": LONG if n % 3 else "too short",
                "metadata": {"url": f"http://s.org/{n}", "n": n},
            }
            for n in range(50)
        ]
        with gzip.open(folder / f"part-{part}.jsonl.gz", "wt") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
    return folder


def lines_of(folder: Path) -> list[dict[str, Any]]:
    found = []
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt") as file:
            found += [json.loads(line) for line in file]
    return found


@pytest.mark.parametrize(("tasks", "workers"), [(1, 1), (3, 2)])
def test_under_the_local_executor(pages: Path, tmp_path: Path, tasks: int, workers: int) -> None:
    pipeline = [
        JsonlReader(str(pages)),
        AtomFilter(steps=STEPS, batch_size=20, exclusion_writer=JsonlWriter(str(tmp_path / "gone"))),
        LambdaFilter(_even),
        JsonlWriter(str(tmp_path / "kept")),
    ]
    LocalPipelineExecutor(pipeline=pipeline, tasks=tasks, workers=workers, logging_dir=str(tmp_path / "logs")).run()
    kept, gone = lines_of(tmp_path / "kept"), lines_of(tmp_path / "gone")
    every = lines_of(pages)
    assert sorted(line["id"] for line in kept) == sorted(
        line["id"] for line in every if line["text"] == LONG and line["metadata"]["n"] % 2 == 0
    )
    assert sorted(line["id"] for line in gone) == sorted(line["id"] for line in every if line["text"] == "too short")
    assert {line["metadata"]["filter_reason"] for line in gone} == {"gopher_quality.word_count"}
    assert gone[0]["metadata"]["filter_rules"] == ["gopher_quality.word_count", "gopher_quality.stop_words"]
    assert kept[0]["metadata"]["word_count"] == len(LONG.split())
    assert kept[0]["metadata"]["url"].startswith("http://s.org/")
    stats = json.loads((tmp_path / "logs" / "stats.json").read_text())[1]
    assert stats["name"].endswith("atom-data")
    assert stats["stats"]["total"] == 200
    assert stats["stats"]["dropped_gopher_quality.word_count"] == stats["stats"]["dropped"] == len(gone) == 68
    if tasks == 1:
        assert [line["id"] for line in kept] == [line["id"] for line in every if line["id"] in {k["id"] for k in kept}]


def _even(item: Document) -> bool:
    return bool(item.metadata["n"] % 2 == 0)
