"""Steps, cards and passes on tables in memory: of pyarrow, polars, pandas, DuckDB, or a list of texts."""

import functools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas
import polars
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from atom_data import keep
from atom_data.errors import ConfigError, DataError
from atom_data.library import apply, exact_copies, identify_languages, near_copies
from atom_data.signals import count_characters, count_lines, count_words
from tests.command import ROOT

GOOD = "The river carried the boats past the old mill, and the children of the town counted them from the bridge. " * 8
TEXTS = [GOOD, "short", None, "", GOOD + " It was late, and that is all there is to say of it."]

MAKERS: dict[str, Callable[[list[str | None]], object]] = {
    "list": list,
    "pyarrow table": lambda texts: pa.table({"text": texts}),
    "record batch": lambda texts: pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.string())}),
    "large strings": lambda texts: pa.table({"text": pa.array(texts, pa.large_string())}),
    "views": lambda texts: pa.table({"text": pa.array(texts, pa.string_view())}),
    "dictionary": lambda texts: pa.table({"text": pa.array(texts, pa.string()).dictionary_encode()}),
    "chunks": lambda texts: pa.table({"text": pa.chunked_array([[text] for text in texts], pa.string())}),
    "polars": lambda texts: polars.DataFrame({"text": texts}, schema={"text": polars.String}),
    "pandas": lambda texts: pandas.DataFrame({"text": pandas.array(texts, dtype="string")}),
    "duckdb": lambda texts: duckdb.from_arrow(pa.table({"text": pa.array(texts, pa.string())})),
}
STEPS = (count_words, count_lines, keep("gopher_quality"), count_characters)


@pytest.mark.parametrize("kind", MAKERS)
def test_every_kind_of_table_gives_the_same(kind: str) -> None:
    expected = apply(TEXTS, STEPS)
    assert apply(MAKERS[kind](TEXTS), STEPS).equals(expected)  # type: ignore[arg-type]
    assert expected.column("text").to_pylist() == TEXTS
    assert [reason is None for reason in expected.column("drop_reason").to_pylist()] == [
        True,
        False,
        False,
        False,
        True,
    ]
    assert not [name for name in expected.column_names if name.startswith("_")]


def test_later_steps_see_only_what_cards_left_and_filter_returns_it() -> None:
    marked, kept = apply(TEXTS, STEPS), apply(TEXTS, STEPS, filter=True)
    assert marked.column("text_bytes").to_pylist() == [len(GOOD), None, None, None, len(TEXTS[4] or "")]
    assert kept.column("text").to_pylist() == [TEXTS[0], TEXTS[4]]
    assert "drop_reason" not in kept.column_names
    failed = marked.column("failed_rules").to_pylist()
    assert (
        failed[0] is None and failed[1][0] == marked.column("drop_reason").to_pylist()[1] == "gopher_quality.word_count"
    )


def test_results_go_back_to_polars_and_pandas() -> None:
    table = apply(polars.DataFrame({"text": TEXTS}), count_words)
    counts = list(polars.from_arrow(table)["word_count"])
    assert counts == table.to_pandas()["word_count"].tolist() == table.column("word_count").to_pylist()


def test_zero_rows_give_the_same_columns() -> None:
    empty, full = apply(pa.table({"text": pa.array([], pa.string())}), STEPS), apply(TEXTS, STEPS)
    assert empty.schema.equals(full.schema)
    assert empty.num_rows == 0
    assert apply([], STEPS).schema.equals(full.schema)


@given(st.lists(st.one_of(st.none(), st.text(max_size=30)), max_size=12), st.integers(1, 4))
def test_any_texts_in_any_chunks_are_those_of_one_batch(texts: list[str | None], size: int) -> None:
    chunks = [texts[start : start + size] for start in range(0, len(texts), size)]
    chunked = pa.table({"text": pa.chunked_array(chunks, pa.string())})
    whole = count_words(pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.string())}))
    assert apply(chunked, count_words).column("word_count").to_pylist() == whole.column("word_count").to_pylist()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("one text", r"apply: one text is given\. Give a list of texts"),
        ([1, 2], r"apply: the list holds int\. Give texts, or a table"),
        (object(), r"apply: object holds no columns that Arrow can read\. Give a pyarrow Table"),
        (pa.table({}), r"apply: the table has no column"),
        (pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], ["text", "text"]), "two columns are called 'text'"),
    ],
)
def test_what_holds_no_texts_is_refused(data: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        apply(data, count_words)  # type: ignore[arg-type]


def test_a_step_without_its_column_or_that_loses_rows_is_named() -> None:
    with pytest.raises(ConfigError, match=r'apply, step 1 \(keep\("gopher_quality"\)\): no column'):
        apply(TEXTS, keep("gopher_quality"))
    with pytest.raises(DataError, match=r"apply, step 1 .*: it was given 5 rows and returned 1"):
        apply(TEXTS, functools.partial(cut, size=1))


def cut(batch: pa.RecordBatch, size: int) -> pa.RecordBatch:
    return batch.slice(0, size)


def test_languages_of_texts() -> None:
    found = identify_languages(["This is a text in English, as one can see.", "Das ist ein deutscher Text.", None, ""])
    assert found.column("language").to_pylist() == ["en", "de", None, None]
    assert found.schema.names == ["language", "language_score"]


def test_exact_copies_of_a_table() -> None:
    table = exact_copies(polars.DataFrame({"id": list("abcd"), "text": ["x y", "X, y!", "x y", None]}))
    assert table.column("copy_rank").to_pylist() == [0, 0, 1, 0]
    assert table.column("copy_of").to_pylist() == [None, None, "a", None]
    assert exact_copies(["x y", "X, y!"], by="content").column("copy_rank").to_pylist() == [1, 0]  # the longer stays
    with pytest.raises(ConfigError, match="by is 'meaning'; there are text, content, url"):
        exact_copies(["a"], by="meaning")
    with pytest.raises(DataError, match="two documents have the id 'a'"):
        exact_copies(pa.table({"id": ["a", "a"], "text": ["b", "c"]}))


def test_near_copies_of_a_table() -> None:
    changed = GOOD.replace("old mill", "new mill", 1)
    table = near_copies([GOOD, "something else entirely, of which there is no copy at all", changed, GOOD])
    assert table.column("near_copy_rank").to_pylist() == [0, 0, 1, 2]  # of equal length, the smaller id
    assert table.column("near_copy_of").to_pylist() == [None, None, "0", "0"]
    strict = near_copies([GOOD, changed], min_jaccard=1.0)
    assert strict.column("near_copy_rank").to_pylist() == [0, 0]
    with pytest.raises(ConfigError, match=r"near_copies: .*bands_"):
        near_copies(["a"], bands_=3)
    assert near_copies([]).num_rows == 0


RUN = """
import json
from pathlib import Path
import atom_data
if __name__ == "__main__":
    Path("recipe.py").write_text({recipe!r})
    for _ in range(2):
        made = atom_data.run("recipe.py", output="out", workers=1)
    print(json.dumps([[stage.name, stage.rows_in, stage.rows_out, stage.dropped, len(stage.files)] for stage in made]))
"""
RECIPE = """
from atom_data import Jsonl, Stage, keep
from atom_data.signals import count_lines, count_words
def stages():
    return (Stage(name="clean", reads=Jsonl("in.jsonl"), steps=(count_words, count_lines, keep("gopher_quality"))),)
"""


def test_a_recipe_run_from_python(tmp_path: Path) -> None:
    lines = [json.dumps({"id": str(number), "text": text}) for number, text in enumerate(TEXTS) if text is not None]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    (tmp_path / "script.py").write_text(RUN.format(recipe=RECIPE))
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, env=environment(), check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.sub(r"compiling \d+ kernels? .*\n", "", done.stderr) == ""
    assert json.loads(done.stdout) == [["clean", 4, 2, {"gopher_quality.word_count": 2}, 1]]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}
