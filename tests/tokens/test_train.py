"""A tokenizer of your own: the same from the same texts, and what is asked for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data.errors import ConfigError, DataError
from atom_data.readers.open import source_for
from atom_data.tokens.tokenizer.encode import load_encoder
from atom_data.tokens.tokenizer.train import Training, draw, train
from atom_data.workspace import Workspace
from tests.command import atom_data
from tests.tokens.corpus import Rows, rows, text

TEXTS = [text(number, 30) + " don't <|endoftext|> 漢字かな\n\n" for number in range(200)]

SCRIPT = """
import sys
from atom_data.tokens.tokenizer.train import Training, train
from tests.tokens.test_train import TEXTS
sys.stdout.write(train(TEXTS, Training(size=500)))
"""


@pytest.mark.parametrize("split", ["gpt2", "cl100k", "o200k"])
def test_trained_tokenizer_has_the_ids_asked_for_and_round_trips(tmp_path: Path, split: str) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(train(TEXTS, Training(size=400, split=split, special=("<|endoftext|>", "<|pad|>"))))
    encoder = load_encoder(path)
    assert (encoder.vocabulary.size, encoder.vocabulary.eos_id) == (400, 0)
    ids, offsets = encoder.encode(TEXTS)
    for number, one in enumerate(TEXTS):
        encoder.reference.check("here", str(number), one, ids[offsets[number] : offsets[number + 1]].tolist())
    assert len(ids) < sum(len(one.encode()) for one in TEXTS) / 2


def test_training_is_the_same_in_any_process_and_number_of_threads() -> None:
    made = []
    for threads, seed in (("1", "1"), ("3", "2")):
        environment = {**os.environ, "RAYON_NUM_THREADS": threads, "PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, check=True)
        made.append(done.stdout.decode())
    assert made[0] == made[1] == train(TEXTS, Training(size=500))


def test_sample_is_by_hash_of_the_id_not_by_place() -> None:
    parts = {"a": rows(150, "a"), "b": rows(150, "b")}
    some = draw(Rows(parts), Workspace(""), 8_000)
    other = draw(
        Rows({"a": list(reversed(parts["b"])), "b": list(reversed(parts["a"]))}, batch_rows=7), Workspace(""), 8_000
    )
    assert some.texts == other.texts
    assert 8_000 <= some.sampled_bytes < 8_500
    assert (some.documents, some.text_bytes) == (300, sum(len(str(row["text"])) for row in parts["a"] + parts["b"]))
    assert set(some.texts) < set(draw(Rows(parts), Workspace(""), 1 << 20).texts)
    assert draw(Rows(parts), Workspace(""), 8_000, seed=1).texts != some.texts


def test_sample_of_a_huge_document_leaves_it_out() -> None:
    shards = {"s": [*rows(50), {"id": "huge", "text": "x" * 200_000}, {"id": "null", "text": None}]}
    drawn = draw(Rows(shards), Workspace(""), 1 << 20)
    assert (len(drawn.texts), drawn.documents) == (50, 52)


def test_sample_of_nothing_is_refused() -> None:
    with pytest.raises(DataError, match="rows: no text in 1 documents to learn from"):
        draw(Rows({"s": [{"id": "a", "text": ""}]}), Workspace(""), 1_000)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"split": "x"}, "no split 'x'; there are gpt2, r50k, p50k, cl100k, o200k"),
        ({"special": ()}, r"special tokens \[\]\. Give at least one"),
        ({"special": ("a", "a")}, r"special tokens \['a', 'a'\]"),
        ({"size": 257}, "257 ids, of which 256 are bytes and 1 special: nothing is left to learn"),
    ],
)
def test_training_that_cannot_be_is_refused(options: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Training(**options)  # type: ignore[arg-type]


def test_texts_too_few_for_the_ids_are_refused() -> None:
    with pytest.raises(DataError, match=r"the texts gave \d+ ids of 5,000: they hold no more pairs"):
        train(["a b c"], Training(size=5_000))


def test_files_of_two_kinds_are_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"files of several kinds: JSON lines \(b.jsonl.gz\) and Parquet \(a.parquet\)"
    ):
        source_for("train-tokenizer", "a.parquet", "b.jsonl.gz")


def test_command_trains_on_files_and_on_a_stage(tmp_path: Path, sample_run: Path) -> None:
    pq.write_table(pa.table({"text": TEXTS}), tmp_path / "pages.parquet")
    made = [tmp_path / "one.json", tmp_path / "two.json"]
    for path in made:
        done = atom_data("train-tokenizer", tmp_path / "pages.parquet", "--size", 400, "--to", path)
        assert done.returncode == 0, done.stderr
    assert made[0].read_bytes() == made[1].read_bytes()
    assert "400 ids learned from 200 of 200 documents" in done.stdout
    done = atom_data(
        "train-tokenizer", "--recipe", "pipelines/sample.py", "--stage", "fuzzy_deduped", "-o", sample_run,
        "--size", 1000, "--sample-mb", 1, "--to", tmp_path / "three.json", "--special", "</s>",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "three.json").read_text())["added_tokens"][0]["content"] == "</s>"


def test_command_without_a_corpus_or_with_a_stage_without_text_is_refused(sample_run: Path) -> None:
    done = atom_data("train-tokenizer")
    assert (done.returncode, done.stderr) == (2, "train-tokenizer: give either files, or --recipe with --stage.\n")
    done = atom_data("train-tokenizer", "--recipe", "pipelines/sample.py", "--stage", "tokens", "-o", sample_run)
    assert done.returncode == 2 and "'tokens' writes no text" in done.stderr
