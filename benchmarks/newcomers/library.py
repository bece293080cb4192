"""Somebody with a table in memory, and nobody who wants files."""

from newcomers.person import Person

TABLES = """
import pyarrow as pa
import atom_data
import duckdb
from atom_data import apply, exact_copies, identify_languages, keep, near_copies
from atom_data.signals import count_lines, count_words

texts = ["one two three " * 40, "one two three " * 40, "Guten Tag, wie geht es Ihnen heute?", None]
assert identify_languages(texts)["language"].to_pylist()[2] == "de"
steps = (count_words, count_lines, keep("gopher_quality"))
for data in (texts, pa.table({"text": texts}), pa.RecordBatch.from_pydict({"text": texts}), duckdb.sql("select 'a' as text")):
    table = apply(data, steps)
    assert not [name for name in table.column_names if name.startswith("_")]
    assert {"drop_reason", "failed_rules", "word_count"} <= set(table.column_names)
    assert apply(data, steps, filter=True).num_rows == table["drop_reason"].null_count
assert near_copies(texts[:3])["near_copy_rank"].to_pylist() == [0, 1, 0]
assert exact_copies(texts[:3])["copy_of"].to_pylist() == [None, "0", None]
for wrong in ("a text", 3, [3]):
    try:
        apply(wrong, steps)
    except atom_data.errors.ConfigError as error:
        print(error)
try:
    apply(texts, keep("gopher_quality"))
except atom_data.errors.ConfigError as error:
    print(error)
"""
RUN = """
import atom_data
if __name__ == "__main__":
    made = atom_data.run("first/recipe.py", output="first/out", workers=1)
    print([(stage.name, stage.rows_out) for stage in made][-1])
"""


def notebook(person: Person) -> None:
    """Steps, cards and copies on tables; a recipe run by its path; help of a class."""
    said = person.runs(TABLES, "tables.py")
    for sentence in (
        "apply: one text is given. Give a list of texts: [text].",
        "apply: int holds no columns that Arrow can read. Give a pyarrow Table or RecordBatch, a table of polars,",
        "apply: the list holds int. Give texts, or a table with a column 'text'.",
        "The signal count_words adds word_count,",
    ):
        assert sentence in said, said
        person.faults.append({"fault": "a table or a list of texts", "command": "apply(...)", "said": sentence})
    assert "compiling" in said, "it says why the first call takes so long"
    person.types("atom-data init jsonl first")
    assert "('fuzzy_deduped', 38)" in person.runs(RUN, "run.py")
    helped = person.runs("from atom_data import MinHash\nhelp(MinHash)\n", "helped.py")
    assert "bucket_cap: int = 64" in helped and "linear in large buckets" in helped
