"""`why`: kept, dropped, copied and unread documents by id, URL and words, down to the bytes of their records."""

import gzip
import io
import json
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, strategies as st

from atom_data.audit.answers import index as index_module
from atom_data.audit.answers.folders import open_folders
from atom_data.audit.answers.index import index_place, open_index
from atom_data.audit.answers.keys import copy_keys, key_of, keys_of, url_of
from atom_data.audit.answers.search import Words
from atom_data.rules import load_card
from atom_data.workspace import Workspace
from tests.command import ROOT, Done, atom_data, recipe

SAMPLE = ROOT / "pipelines" / "sample"


@pytest.fixture(scope="module")
def run(sample_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("why") / "out"
    shutil.copytree(sample_run, out)
    return out


def rows(out: Path, *names: str) -> list[dict[str, Any]]:
    files = sorted(out.joinpath(*names).glob("*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def asked(out: Path, query: str, *options: object) -> list[dict[str, Any]]:
    done = atom_data("why", out, query, "--json", *options)
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def record_bytes(row: dict[str, Any]) -> bytes:
    """Return the record at an offset of a sample's file, by gzip alone."""
    with (SAMPLE / row["file"]).open("rb") as file:
        file.seek(row["offset"])
        member = file.read()
    with gzip.GzipFile(fileobj=io.BytesIO(member)) as stream:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += stream.read(1)
        length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        return head + stream.read(int(length.split(b":")[1]) + 4)


@pytest.mark.parametrize("number", [0, 333, -1])
def test_a_kept_document_by_id_url_and_words(run: Path, number: int) -> None:
    row = rows(run, "fuzzy_deduped")[number]
    (answer,) = asked(run, row["id"])
    assert (answer["id"], answer["url"], answer["outcome"], answer["stage"]) == (
        row["id"],
        row["url"],
        "kept",
        "tokens",
    )
    assert [station["stage"] for station in answer["stations"]] == [
        "extracted", "clean", "exact_deduped", "fuzzy_deduped", "tokens",
    ]  # fmt: skip
    assert answer["stations"][3]["columns"]["word_count"] == row["word_count"]
    assert answer["stations"][1]["cards"] == ["url_block", "sample_languages", "gopher_multilingual"]
    assert row["id"] in {one["id"] for one in asked(run, row["url"], "--count", 50)}
    line = max((part for part in row["text"].split("\n")), key=len)[:200]
    assert row["id"] in {one["id"] for one in asked(run, line, "--count", 1000)}


def test_its_tokens_decode_to_its_text_and_samples_read_them(run: Path) -> None:
    from tokenizers import Tokenizer

    row = rows(run, "fuzzy_deduped")[17]
    (answer,) = asked(run, row["id"], "--length", 64)
    (tokens,) = answer["tokens"]
    ids = np.fromfile(run / "tokens" / f"{tokens['shard']}.bin", "<u2")[tokens["start"] : tokens["stop"]]
    assert ids[-1] == 0
    text = Tokenizer.from_file(str(SAMPLE / "tokenizer.json")).decode(ids[:-1].tolist(), skip_special_tokens=False)
    assert text == row["text"]
    spans = sorted((read["start"], read["stop"]) for read in answer["reads"])
    assert spans[0][0] == 0
    assert all(one[1] == other[0] for one, other in pairwise(spans))


def test_a_dropped_document_names_card_bound_and_value(run: Path) -> None:
    row = next(row for row in rows(run, "clean", "drops") if row["reason"] == "gopher_multilingual.characters")
    (answer,) = asked(run, row["id"])
    station = answer["stations"][-1]
    assert (answer["outcome"], answer["stage"], station["reason"]) == ("dropped", "clean", row["reason"])
    rule = next(rule for rule in load_card("gopher_multilingual").rules if rule.reason == "characters")
    value = json.loads(row["numbers"])[rule.column]
    assert f"{rule.column} is {value}: {rule.bounds()}" in station["missed"]
    assert answer["tokens"] == []


def test_what_the_first_stage_dropped_answers_too_and_its_record_is_found(run: Path) -> None:
    row = rows(run, "extracted", "drops")[0]
    (answer,) = asked(run, row["id"])
    assert (answer["outcome"], answer["stage"]) == ("dropped", "extracted")
    done = atom_data("why", run, row["id"], "--raw")
    assert done.returncode == 0, done.stderr
    assert row["url"] in done.stdout


def test_a_copy_names_the_kept_one_with_the_difference_and_the_kept_one_its_copies(run: Path) -> None:
    dropped = rows(run, "fuzzy_deduped", "drops")
    kept = {json.loads(row["numbers"])["near_copy_of"]: set[str]() for row in dropped}
    for row in dropped:
        kept[json.loads(row["numbers"])["near_copy_of"]].add(row["id"])
    identity = max(kept, key=lambda name: len(kept[name]))
    (answer,) = asked(run, identity)
    assert {copy["id"] for copy in answer["copies"]} >= kept[identity]
    (copy,) = asked(run, min(kept[identity]))
    assert copy["kept_instead"]["id"] == identity
    assert (copy["kept_instead"]["outcome"], copy["kept_instead"]["stage"]) == ("kept", "tokens")
    differing = copy["kept_instead"]["difference"][2]
    assert 0 < differing < copy["kept_instead"]["difference"][1]


def test_unread_records_answer_by_place_url_and_words(run: Path) -> None:
    letters = rows(run, "extracted", "dead")
    for letter in letters:
        name = f"{letter['file']}:{letter['position']}"
        (answer,) = asked(run, name)
        assert (answer["outcome"], answer["stations"][0]["reason"]) == ("unread", letter["reason"])
        assert atom_data("why", run, name, "--raw").stdout == letter["raw"].decode("utf-8", "replace")
    assert {one["id"] for one in asked(run, "upstream connect error or disconnect/reset")} == {
        "sample-00002.warc:1252098"
    }
    urls = [url_of(letter["raw"]) for letter in letters if letter["reason"] == "warc.truncated"]
    assert all(url.startswith("https://") for url in urls)
    assert all(any(one["outcome"] == "unread" for one in asked(run, url, "--count", 20)) for url in urls)


def test_raw_is_the_record_and_html_its_page(run: Path) -> None:
    row = rows(run, "fuzzy_deduped")[5]
    whole = record_bytes(row)
    done = atom_data("why", run, row["id"], "--raw")
    assert done.stdout == whole.decode("utf-8", "replace")
    assert f"bytes {row['offset']:,} to " in done.stderr
    page = atom_data("why", run, row["id"], "--html").stdout
    assert "<" in page
    assert page[:500] in done.stdout or b"gzip" in whole[:4000] or b"chunked" in whole[:4000]


def test_all_documents_answer_by_id_and_by_url(run: Path) -> None:
    workspace = Workspace(str(run), "test-1")
    index = open_index(open_folders(workspace), index_place(workspace), "test-1")
    everything = [*rows(run, "extracted"), *rows(run, "extracted", "drops")]
    for file in sorted((run / "extracted").glob("*.parquet")):
        for row in pq.read_table(file, columns=["id", "url"]).to_pylist():
            for name in filter(None, row.values()):
                assert ("extracted", file.stem) in index.find(name)
    assert len(everything) == 1396
    assert index.find("nobody") == []


def test_the_index_is_no_part_of_the_corpus_and_goes_with_clean(run: Path) -> None:
    before = atom_data("fingerprint", run).stdout
    asked(run, rows(run, "clean")[0]["id"])
    assert (run / "lookup" / "index.json").is_file()
    assert atom_data("verify", run).returncode == 0
    assert atom_data("fingerprint", run).stdout == before
    assert "index of ids" in atom_data("clean", run, "--dry-run").stdout
    place = run.with_name("cleaned")
    shutil.copytree(run, place)
    assert atom_data("clean", place).returncode == 0
    assert not (place / "lookup").exists()


DOCUMENTS = """
    from atom_data import Jsonl, Stage, Tokenize

    def stages():
        return (Stage(name="pages", reads=Jsonl({folder!r})),)
"""


def write(folder: Path, name: str, count: int, first: int = 0) -> None:
    folder.mkdir(exist_ok=True)
    lines = [
        json.dumps({"id": f"d{number}", "text": f"text {number}", "url": f"https://example.org/{number}"})
        for number in range(first, first + count)
    ]
    (folder / name).write_text("\n".join(lines) + "\n")


def run_pages(folder: Path) -> Path:
    path = recipe(folder, DOCUMENTS.format(folder=str(folder / "in")))
    done = atom_data("run", path, "-o", folder / "out", "--workers", 1)
    assert done.returncode == 0, done.stderr
    return folder / "out"


def test_the_index_grows_with_the_corpus_and_forgets_what_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "SEGMENT", 50)
    write(tmp_path / "in", "a.jsonl", 40)
    out = run_pages(tmp_path)
    read: list[str] = []
    whole = index_module.noted
    monkeypatch.setattr(index_module, "noted", lambda *given: (read.append(given[2]), whole(*given))[1])
    assert asked(out, "d39")[0]["id"] == "d39"
    assert read == ["a.jsonl"]
    write(tmp_path / "in", "b.jsonl", 40, 40)
    run_pages(tmp_path)
    assert asked(out, "https://example.org/79")[0]["id"] == "d79"
    assert asked(out, "d0")[0]["id"] == "d0"
    assert read == ["a.jsonl", "b.jsonl"]
    write(tmp_path / "in", "a.jsonl", 10)
    run_pages(tmp_path)
    assert asked(out, "d9")[0]["id"] == "d9"
    assert atom_data("why", out, "d39").returncode == 1
    assert asked(out, "d79")[0]["id"] == "d79"
    assert read == ["a.jsonl", "b.jsonl", "a.jsonl"]
    files = {path.name for path in (out / "lookup").iterdir()}
    page = json.loads((out / "lookup" / "index.json").read_text())
    assert files == {"index.json", page["items"], *(name for pair in page["segments"] for name in pair)}
    assert len(page["segments"]) > 1


def test_a_damaged_index_is_made_again(tmp_path: Path) -> None:
    write(tmp_path / "in", "a.jsonl", 5)
    out = run_pages(tmp_path)
    assert asked(out, "d4")
    for damage in ("{", '{"format": 99}', '{"format": 1, "folders": 3}'):
        (out / "lookup" / "index.json").write_text(damage)
        assert asked(out, "d4")
    next((out / "lookup").glob("keys-*")).unlink()
    assert asked(out, "d4")


def failed(done: Done, code: int) -> str:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


def test_bad_questions_are_a_sentence_each(run: Path, tmp_path: Path) -> None:
    assert "no document or record 'nobody', kept, dropped or unread" in failed(atom_data("why", run, "nobody"), 1)
    row = rows(run, "clean")[3]
    near = row["url"].replace("https://", "http://") + "/"
    assert f"Did you mean '{row['url']}'?" in failed(atom_data("why", run, near), 1)
    assert "no such folder" in failed(atom_data("why", tmp_path / "none", "x"), 2)
    (tmp_path / "empty").mkdir()
    assert "there is no run in it" in failed(atom_data("why", tmp_path / "empty", "x"), 1)
    assert "Give one of them" in failed(atom_data("why", run, row["id"], "--raw", "--html"), 2)
    unread = "sample-00002.warc:1252098"
    assert "could not be read as a record" in failed(atom_data("why", run, unread, "--html"), 1)


def test_tokens_whose_run_is_gone_answer_by_docs_parquet(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run / "tokens", tmp_path / "tokens")
    row = rows(run, "fuzzy_deduped")[9]
    done = atom_data("why", tmp_path / "tokens", row["id"])
    assert done.returncode == 0, done.stderr
    assert "docs.parquet is all that answers" in done.stderr
    assert row["url"] in done.stdout
    assert not (tmp_path / "tokens" / "lookup").exists()
    assert "no run in it" not in failed(atom_data("why", tmp_path / "tokens", "nobody"), 1)


def test_tokenize_that_reads_files_itself(tmp_path: Path) -> None:
    write(tmp_path / "in", "a.jsonl", 20)
    text = DOCUMENTS.replace(
        'Stage(name="pages", reads=Jsonl({folder!r}))',
        f'Tokenize(name="tokens", reads=Jsonl({{folder!r}}), tokenizer={str(SAMPLE / "tokenizer.json")!r})',
    )
    path = recipe(tmp_path, text.format(folder=str(tmp_path / "in")))
    assert atom_data("run", path, "-o", tmp_path / "out", "--workers", 1).returncode == 0
    (answer,) = asked(tmp_path / "out", "d7")
    assert (answer["outcome"], answer["stage"], answer["url"]) == ("kept", "tokens", "https://example.org/7")
    assert asked(tmp_path / "out", "https://example.org/7")[0]["id"] == "d7"
    assert json.loads(atom_data("why", tmp_path / "out", "d7", "--raw").stdout)["text"] == "text 7"
    assert "source" in atom_data("trace", tmp_path / "out" / "tokens", "d7", "--length", 4).stdout


def test_a_folder_that_cannot_be_written_answers_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "in", "a.jsonl", 5)
    out = run_pages(tmp_path)
    monkeypatch.setattr("atom_data.commands.answers.why._writable", lambda workspace: False)
    assert asked(out, "d4")
    assert not (out / "lookup").exists()


def test_two_documents_of_one_id_are_both_shown_or_refused(tmp_path: Path) -> None:
    write(tmp_path / "in", "a.jsonl", 3)
    write(tmp_path / "in", "b.jsonl", 3)
    out = run_pages(tmp_path)
    assert [one["stations"][0]["shard"] for one in asked(out, "d1")] == ["a.jsonl", "b.jsonl"]
    assert "is 2 documents" in failed(atom_data("why", out, "d1", "--raw"), 2)


@given(st.lists(st.text(min_size=1, max_size=40), max_size=20))
def test_the_key_of_one_is_the_key_of_many(names: list[str]) -> None:
    array = pa.array([*names, None, ""], pa.string())
    assert keys_of(array).tolist() == [key_of(name) for name in names]


@given(st.text(max_size=30))
def test_copies_are_found_by_what_was_kept(identity: str) -> None:
    numbers = json.dumps({"near_copy_rank": 1, "near_copy_of": identity, "x": None}, ensure_ascii=False)
    found = copy_keys(pa.array([numbers, "{}", None]))
    assert found.tolist() == [key_of("copy of " + json.dumps(identity, ensure_ascii=False)[1:-1])]


TEXTS = st.lists(st.text("ab \n", max_size=12), max_size=8)


@given(TEXTS, st.text("ab ", min_size=1, max_size=5).filter(str.strip))
@example(["b ", "b b"], "b b")
def test_words_are_found_where_a_plain_search_finds_them(texts: list[str], query: str) -> None:
    wanted = " ".join(query.split())
    expected = [number for number, text in enumerate(texts) if wanted in " ".join(["", *text.split(), ""]).strip()]
    # A word of the query may begin and end inside a word of the text, at its two ends only.
    found = Words(query).rows(pa.array(texts, pa.string()))
    assert found == expected


def test_an_edited_receipt_is_said(tmp_path: Path) -> None:
    write(tmp_path / "in", "a.jsonl", 3)
    out = run_pages(tmp_path)
    asked(out, "d1")
    receipt = out / "pages" / "receipts" / "a.jsonl.json"
    receipt.write_text(receipt.read_text().replace('"rows_in": 3', '"rows_in": 4'))
    assert "was edited after it was written" in failed(atom_data("why", out, "d1"), 1)
