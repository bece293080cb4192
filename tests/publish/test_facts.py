"""Facts: held against plain counts over the rows that were written, and against the receipts."""

import csv
import json
import shutil
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data.audit.root import tree_of
from atom_data.errors import ConfigError, DataError
from atom_data.publish.facts.facts import Facts, Tally
from atom_data.publish.facts.gather import Ask, gather, required_domains
from atom_data.publish.facts.languages import NAMES, OFFICIAL, code_of, name_of
from atom_data.publish.papers.words import stage_words
from atom_data.workspace import Workspace
from tests.publish.corpus import make_run
from tests.tokens.corpus import SCHEMA


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("facts"))


def facts_of(out: Path, scratch: Path, **asked: Any) -> Facts:
    scratch.mkdir(exist_ok=True)
    return gather(Workspace(str(out)), Ask(**asked), scratch)


def stored(out: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for path in sorted((out / "kept").glob("*.parquet")):
        rows += pq.read_table(path).to_pylist()
    return rows


def by(rows: list[dict[str, Any]], column: str) -> set[tuple[str, int, int]]:
    counts, sizes = Counter[str](), Counter[str]()
    for row in rows:
        value = row[column]
        name = "" if value is None else str(value).lower() if isinstance(value, bool) else value
        counts[name] += 1
        sizes[name] += len(row["text"].encode())
    return {(name, counts[name], sizes[name]) for name in counts}


def triples(tallies: tuple[Tally, ...] | None) -> set[tuple[str, int, int]]:
    return {(one.name, one.documents, one.text_bytes) for one in tallies or ()}


def test_counts_are_those_of_the_rows(out: Path, tmp_path: Path) -> None:
    facts, rows = facts_of(out, tmp_path / "s"), stored(out)
    assert facts.configs == ("kept",)
    assert (facts.documents, facts.text_bytes) == (len(rows), sum(len(row["text"].encode()) for row in rows))
    assert triples(facts.languages) == by(rows, "language")
    assert triples(facts.licenses) == by(rows, "license_spdx")
    assert triples(facts.consent) == by(rows, "consent_train")
    assert triples(facts.contaminated) == by(rows, "is_contaminated")
    assert triples(facts.kinds) == by(rows, "page_kind")
    assert {(one.name, one.documents, one.text_bytes) for one in facts.sources} == by(rows, "source")
    assert facts.private is not None and facts.private["mail"] == sum(row["replaced_mail_count"] for row in rows)
    months = [row["date"][:7] for row in rows if row["date"]]
    assert (facts.months, facts.dated) == ((min(months), max(months)), len(months))


def test_domains_are_hosts_by_bytes_and_all_stand_in_the_file(out: Path, tmp_path: Path) -> None:
    facts, rows = facts_of(out, tmp_path / "s"), stored(out)
    for row in rows:
        row["domain"] = row["url"].split("/")[2].removeprefix("www.")
    expected = sorted(by(rows, "domain"), key=lambda item: (-item[2], -item[1], item[0]))
    assert facts.domains is not None and "evil.example" in {name for name, _, _ in expected}
    assert facts.domains.count == len(expected) and facts.domains.of == "all"
    assert [(one.name, one.documents, one.text_bytes) for one in facts.domains.largest] == expected[
        : facts.domains.required
    ]
    with (tmp_path / "s" / "domains.csv").open() as stream:
        assert [(name, int(count), int(size)) for name, count, size in list(csv.reader(stream))[1:]] == expected


@pytest.mark.parametrize(
    ("count", "small", "required"),
    [(0, False, 0), (1, False, 1), (10, False, 1), (11, False, 2), (15, True, 1), (100, True, 5), (10**6, True, 1000),
     (10**6, False, 100_000), (30, False, 3)],
)  # fmt: skip
def test_required_domains(count: int, small: bool, required: int) -> None:
    assert required_domains(count, small) == required


def test_crawled_sources_alone_are_listed_where_there_are_some(out: Path, tmp_path: Path) -> None:
    facts = facts_of(out, tmp_path / "s", crawled=frozenset({"crawl"}))
    rows = [row for row in stored(out) if row["source"] == "crawl"]
    assert facts.domains is not None
    assert (facts.domains.of, facts.domains.documents) == ("crawled", len(rows))


def test_receipts_say_what_stages_did(out: Path, tmp_path: Path) -> None:
    facts = facts_of(out, tmp_path / "s")
    assert [stage.name for stage in facts.stages] == ["clean", "kept", "tokens"]
    for stage in facts.stages:
        receipts = [json.loads(path.read_text()) for path in (out / stage.name / "receipts").glob("*.json")]
        for name in ("rows_in", "rows_out", "text_bytes", "tokens"):
            assert sum(one[name] for one in receipts) == getattr(stage, name)
        assert stage.rows_in == stage.rows_out + sum(stage.dropped.values())
    clean, kept, tokens = facts.stages
    assert clean.reads == () and kept.reads == ("clean",) and tokens.reads == ("kept",)
    assert set(clean.dropped) == {"wikipedia.short"} and [step.name for step in clean.steps] == [
        "count_words",
        "card wikipedia",
    ]
    assert facts.token_count == tokens.tokens and facts.root == tree_of(Workspace(str(out))).root


def test_tokens_by_language_and_source_add_up(out: Path, tmp_path: Path) -> None:
    facts = facts_of(out, tmp_path / "s")
    assert sum(one.tokens or 0 for one in facts.languages or ()) == facts.token_count
    assert sum(one.tokens or 0 for one in facts.sources) == facts.token_count


def test_a_shard_with_a_document_of_a_hidden_source_is_withheld(out: Path, tmp_path: Path) -> None:
    facts = facts_of(out, tmp_path / "s", hidden=frozenset({"contract"}))
    assert [file.name for file in facts.files if file.withheld] == ["part-2.parquet"]
    assert [file.name for file in facts.published] == ["part-0.parquet", "part-1.parquet"]
    rows = [row for row in stored(out) if row["source"] != "contract"]
    assert facts.domains is not None and facts.domains.documents == len(rows)
    assert "contract" not in json.dumps(facts.value())


def test_what_has_no_column_is_not_measured(tmp_path: Path) -> None:
    out = make_run(tmp_path, SCHEMA)
    facts = facts_of(out, tmp_path / "s")
    empty = {name for name, said in facts.origins.items() if said.startswith("not measured")}
    assert empty == {"languages", "kinds", "licenses", "consent", "contaminated", "private", "months"}
    assert facts.languages is None and facts.private is None and facts.domains is not None


def test_every_fact_says_where_it_is_from(out: Path, tmp_path: Path) -> None:
    facts = facts_of(out, tmp_path / "s")
    assert set(facts.origins) == {item.name for item in fields(Facts)} - {"origins"}
    assert facts == facts_of(out, tmp_path / "t"), "the same facts each time"


def test_a_source_that_is_not_there(out: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match="there is no source 'crwl' in the corpus; there are contract, crawl, manuals"
    ):
        facts_of(out, tmp_path / "s", hidden=frozenset({"crwl"}))


def test_a_stage_that_is_not_there(out: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--stage: 'clen' is not a stage of documents.*Did you mean 'clean'\?"):
        facts_of(out, tmp_path / "s", stages=("clen",))
    assert facts_of(out, tmp_path / "t", stages=("clean",)).configs == ("clean",)


def test_shards_that_are_not_what_the_receipts_say_are_refused(tmp_path: Path) -> None:
    out = make_run(tmp_path)
    path = out / "kept" / "part-0.parquet"
    table = pq.read_table(path)
    pq.write_table(table.slice(1), path)
    with pytest.raises(DataError, match=r"kept/part-0.parquet: holds \d+ documents, its receipt says \d+"):
        facts_of(out, tmp_path / "s")
    texts = [f"{value} " for value in table.column("text").to_pylist()]
    index = table.schema.get_field_index("text")
    pq.write_table(table.set_column(index, table.schema.field("text"), pa.array(texts)), path)
    with pytest.raises(DataError, match="bytes of text, the receipts say"):
        facts_of(out, tmp_path / "t")


def test_no_run(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no run in it"):
        facts_of(tmp_path, tmp_path / "s")


def test_languages_by_their_labels() -> None:
    assert len(OFFICIAL) == 24 and {"bg", "ga", "sv"} <= {*OFFICIAL} and "no" not in OFFICIAL
    assert all(len(said) > 4 and said[3] == " " for said in NAMES.values())
    assert [code_of(label) for label in ("de", "deu_Latn", "cmn_Hani", "none", "und", "")] == [
        "de",
        "de",
        "zh",
        "",
        "",
        "",
    ]
    assert name_of("deu_Latn") == "German (deu_Latn)" and name_of("") == "not identified"


def test_one_source_without_a_column(tmp_path: Path) -> None:
    out = make_run(tmp_path, pa.schema([field for field in SCHEMA if field.name != "source"]))
    facts = facts_of(out, tmp_path / "s", only="pages", crawled=frozenset({"pages"}))
    assert [(one.name, one.documents, one.tokens) for one in facts.sources] == [
        ("pages", facts.documents, facts.token_count)
    ]
    assert facts.domains is not None and facts.domains.of == "crawled"
    with pytest.raises(ConfigError, match="the documents have no column 'source' to tell it by"):
        facts_of(out, tmp_path / "t", crawled=frozenset({"pages"}))


def test_failed_shards_are_counted(out: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(out, tmp_path / "out"))
    workspace = Workspace(str(run), "test")
    receipt = workspace.finished_receipt("kept", "part-1")
    workspace.write_receipt(replace(receipt, failed="the file is gone"))
    kept = facts_of(run, tmp_path / "s").stages[1]
    assert (kept.failed, kept.shards) == (1, 3) and "1 of 3 shards could not be made" in stage_words(kept)
