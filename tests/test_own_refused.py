"""A source or a pass of your own that breaks the contract is refused when it runs, in a sentence."""

import json
from pathlib import Path

import pytest

from tests.command import Done, atom_data, recipe

RECIPE = """
    from dataclasses import dataclass, replace

    import pyarrow as pa

    from atom_data import Copies, Jsonl, SameText, Stage
    from atom_data.extend import AllShards, EachShard, Input, Pass, RawSource, Shard, Source, with_columns

    SCHEMA = pa.schema([("id", pa.string()), ("text", pa.string())])
    NUMBERS = pa.schema([("number", pa.int64())])

    @dataclass(frozen=True, kw_only=True)
    class Made(RawSource):
        name: str = "made"
        held: object = 1

        def schema(self):
            return SCHEMA

        def shards(self, workspace):
            return (Shard("a", "", 10), Shard("b", "", 10))

        def current(self, shard, workspace):
            return (Input(shard.name, 10, "of " + shard.name),)

        def read(self, shard, workspace, columns, intake):
            intake.inputs += self.current(shard, workspace)
            ids = [f"{{shard.name}}-{{i}}" for i in range(6)]
            yield pa.record_batch([ids, ids], schema=SCHEMA)

    def count(batches):
        yield pa.record_batch([[sum(batch.num_rows for batch in batches)]], schema=NUMBERS)

    @dataclass(frozen=True, kw_only=True)
    class Numbered(Pass):
        of: Source
        name: str = "numbered"
        added = NUMBERS

        def jobs(self):
            return (EachShard(name=self.name, of=self.of, columns=("id",), make=count, writes=NUMBERS),)

        def step(self, shard, workspace):
            return lambda batch: with_columns(batch, number=pa.array([1] * batch.num_rows))

    @dataclass(frozen=True, kw_only=True)
    class Reading(Numbered):
        def read(self, shard, workspace, columns, intake):
            intake.inputs += self.found(shard, workspace)
            batches = self.of.read(shard, workspace, {{*columns, "id"}} - {{"number"}}, intake)
            for batch in batches:
                for part in self.parts(batch):
                    yield with_columns(part, number=pa.array([1] * part.num_rows))

        def parts(self, batch):
            return [batch]

    {own}

    def stages():
        return (Stage(name="out", reads={reads}),)
"""


def run(folder: Path, own: str, reads: str, command: str = "run") -> Done:
    text = RECIPE.format(own=own.replace("\n", "\n    "), reads=reads)
    path, more = recipe(folder, text), ("-o", folder / "out", "-w", 1) if command == "run" else ()
    return atom_data(command, path, *more, cwd=folder)


def source(method: str) -> tuple[str, str]:
    return f"@dataclass(frozen=True, kw_only=True)\nclass Own(Made):\n    {method}", "Own()"


def made(method: str, kind: str = "Numbered") -> tuple[str, str]:
    return f"@dataclass(frozen=True, kw_only=True)\nclass Own({kind}):\n    {method}", "Own(of=Made())"


SOURCES = {
    "two shards are named 'a'": 'def shards(self, workspace): return (Shard("a", "", 1), Shard("a", "", 1))',
    "the shard 'a' is out of order": 'def shards(self, workspace): return (Shard("b", "", 1), Shard("a", "", 1))',
    "named 'a/b', which cannot be a file": 'def shards(self, workspace): return (Shard("a/b", "", 1),)',
    "Let shards() return the same list each time.": (
        "times = []\n    def shards(self, workspace):\n        self.times.append(1)\n"
        '        return (Shard(f"a{len(self.times)}", "", 1),)'
    ),
    "column 'text' is string by schema(), and read() gave int64": (
        'def read(self, *_):\n        yield pa.record_batch([["x"], [1]], names=["id", "text"])'
    ),
    "column 'text' is string by schema(), and read() gave no such column": (
        'def read(self, *_):\n        yield pa.record_batch([["x"]], names=["id"])'
    ),
    "it has no identity: {'a'": "def identity(self): return {'of': {'a'}}",
    "contains a memory address, which differs in each process": "def identity(self): return {'of': str(object())}",
}


@pytest.mark.parametrize("said", SOURCES)
def test_source_that_breaks_the_contract_is_refused(tmp_path: Path, said: str) -> None:
    said_instead = "it has no identity: Object of type set is not JSON serializable" if "{'a'" in said else said
    done = run(tmp_path, *source(SOURCES[said]))
    assert done.returncode == 1 or done.returncode == 2
    assert said_instead in done.stderr
    assert "Traceback" not in done.stderr


def test_source_that_holds_anything_has_no_identity(tmp_path: Path) -> None:
    done = run(tmp_path, "", "Made(held=object())")
    assert "which has no identity. Use numbers, text, paths, tuples or frozen dataclasses." in done.stderr
    plain = run(tmp_path, "class Own(RawSource):\n    name = 'own'\n    schema = Made.schema\n    shards = Made.shards\n"
                "    current = Made.current\n    read = Made.read", "Own()")  # fmt: skip
    assert "Own has no identity: it is not a dataclass, so a change of it would not be noticed." in plain.stderr


def test_what_is_no_source_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "class Own:\n    name = 'own'\n    def schema(self): return SCHEMA", "Own()", "check")
    assert (
        "is not a source: it has no current, identity, jobs, read, shards, sources, text_bytes, with_sources."
        in done.stderr
    )
    done = run(tmp_path, "", "Made", "check")
    assert "reads the class Made. Give an object of it: Made(...)." in done.stderr


PASSES = {
    "the step was given 6 rows and returned 5": "def step(self, *_): return lambda batch: batch.slice(1)",
    "returned 6, not the same ids in the same order": (
        "def step(self, *_): return lambda batch: batch.take(pa.array([1, 0, 2, 3, 4, 5]))"
    ),
    "column 'number' is int64 by schema(), and read() gave no such column": "def step(self, *_): return lambda batch: batch",
    "column 'number' is int64 by schema(), and read() gave string": (
        "def step(self, *_): return lambda batch: with_columns(batch, number=batch.column('id'))"
    ),
    "A pass has the shards of what it reads: return of.shards().": 'def shards(self, workspace): return (Shard("a", "", 10),)',
}
READING = {
    "it ends after 5 rows, and what it reads has 1 more": "def parts(self, batch): return [batch.slice(0, 5)]",
    "row 0 is 'a-1', and 'a-0' in what it reads": "def parts(self, batch): return [batch.slice(1)]",
    "it has more rows than what it reads, from row 6 on": "def parts(self, batch): return [batch, batch]",
    "row 3 is 'a-4', and 'a-3' in what it reads": (
        "def parts(self, batch): return [batch.slice(0, 3), batch.slice(4), batch.slice(3, 1)]"
    ),
}


@pytest.mark.parametrize("said", [*PASSES, *READING])
def test_pass_that_breaks_the_contract_is_refused(tmp_path: Path, said: str) -> None:
    own, reads = made(PASSES[said]) if said in PASSES else made(READING[said], "Reading")
    done = run(tmp_path, own, reads)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "reads",
    [
        "Numbered(of=Made())",
        "Reading(of=Made())",
        "Numbered(of=Numbered(of=Made(), name='first'))",
        "Copies(of=Reading(of=Made()), by=SameText())",
        "Reading(of=Copies(of=Made(), by=SameText()))",
    ],
)
def test_passes_over_one_another_run_and_nothing_is_made_again(tmp_path: Path, reads: str) -> None:
    first, second = run(tmp_path, "", reads), run(tmp_path, "", reads)
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert "12" in first.stdout + first.stderr


def test_a_pass_that_loses_rows_is_refused_below_a_pass_of_ours(tmp_path: Path) -> None:
    own, _ = made("def parts(self, batch): return [batch.slice(1)]", "Reading")
    done = run(tmp_path, own, "Copies(of=Own(of=Made()), by=SameText())")
    assert "row 0 is 'a-1', and 'a-0' in what it reads" in done.stderr


def test_one_id_of_two_documents_is_refused_by_a_pass(tmp_path: Path) -> None:
    own, _ = source('def read(self, *_):\n        yield pa.record_batch([["x"], ["y"]], schema=SCHEMA)')
    done = run(tmp_path, own, "Copies(of=Own(), by=SameText())")
    assert "two documents have the id 'x'" in done.stderr


def test_code_of_a_source_counts_behind_a_pass_of_ours(tmp_path: Path) -> None:
    for reads in ("Copies(of=Made(), by=SameText())", "Made()"):
        out = tmp_path / reads[:4]
        out.mkdir()
        assert run(out, "", reads).returncode == 0
        before = json.loads((out / "out" / "out" / "receipts" / "a.json").read_text())
        text = (out / "recipe.py").read_text()
        (out / "recipe.py").write_text(text.replace("ids, ids]", "ids, [i.upper() for i in ids]]"))
        assert atom_data("run", out / "recipe.py", "-o", out / "out", "-w", 1).returncode == 0
        after = json.loads((out / "out" / "out" / "receipts" / "a.json").read_text())
        assert before["identity"]["job"] != after["identity"]["job"]
        assert before["outputs"] != after["outputs"]
