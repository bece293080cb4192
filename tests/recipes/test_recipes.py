"""Every recipe of a published corpus: checked with its parameters, and run on the sample, with small stand-ins for models."""

import json
import random
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.command import ROOT, SAMPLE, Done, atom_data
from tests.readers.mediawiki.dumps import MOSS_TEXT, write_multistream
from tests.signals.test_encoder import files as encoder  # noqa: F401 - a fixture

PIPELINES = ROOT / "pipelines"
NOT_PUBLISHED = {"sample", "train_tiny", "fineweb2_cards"}
WARCS = f"{SAMPLE}/sample-0000[01].warc.gz"
GERMAN = "Der Wald ist im Herbst sehr still, und die Blätter fallen von den Bäumen auf den Weg, den wir gehen. "
ENGLISH = "The forest is quiet in autumn, and the leaves fall from the trees onto the path that we walk. "


def said(text: str, seed: int) -> str:
    """Return a page of sentences of the words of a text, in an order of its own."""
    order, words = random.Random(seed), text.split()
    sentences = [" ".join(order.sample(words, 12)).capitalize() for _ in range(25)]
    return "\n".join(f"{sentence}." for sentence in sentences)


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory: pytest.TempPathFactory, encoder: dict[str, Path]) -> Path:  # noqa: F811
    """Make documents, and small models of the formats that recipes take: of languages, of quality, an encoder."""
    pytest.importorskip("floret")
    folder = tmp_path_factory.mktemp("stand-ins")
    for name, text in (("de", GERMAN), ("en", ENGLISH)):
        rows = [{"id": f"{name}{i}", "text": f"{text} {i} " * (1 + i % 3)} for i in range(60)]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for model, labels, good, bad in (("glotlid", "deu_Latn,eng_Latn", "de", "en"), ("oh_eli5", "hq,cc", "en", "de")):
        done = atom_data(
            "train-classifier", folder / f"{model}.bin", "--good", folder / f"{good}.jsonl", "--bad", folder / f"{bad}.jsonl",
            "--labels", labels, "--dimension", 8, "--buckets", 1000, "--epochs", 20,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    for path in encoder.values():
        shutil.copy(path, folder)
    german = [said(GERMAN, number // 2) for number in range(30)]
    texts = [*german, *(said(ENGLISH, number) for number in range(10)), "good proof", "good"]
    rows = [{"id": f"{number}", "text": text, "url": "http://a.org"} for number, text in enumerate(texts)]
    pq.write_table(pa.Table.from_pylist(rows), folder / "documents.parquet")
    articles = [{"id": str(i), "url": f"https://w.org/{i}", "text": ENGLISH * (i % 3)} for i in range(9)]
    (folder / "articles.jsonl").write_text("".join(json.dumps(row) + "\n" for row in articles))
    for kind, word in (("strict", "qqq"), ("hard", "tutorial"), ("soft", "a")):
        (folder / f"refinedweb_banned_words_{kind}_reverse_engineered.txt").write_text(f"{word}\n")
    return folder


def settings(stand_ins: Path) -> dict[str, dict[str, object]]:
    """Return for each recipe the parameters of its test."""
    web: dict[str, object] = {"warcs": WARCS, "crawl": "sample", "url_lists": "none"}
    return {
        "common_crawl": {**web, "tokenizer": SAMPLE / "tokenizer.json"},
        "fineweb": web,
        "fineweb_fast": web,
        "fineweb_edu": {
            "fineweb": stand_ins / "documents.parquet", "model": stand_ins / "model.onnx",
            "tokenizer": stand_ins / "tokenizer.json",
        },
        "fineweb2": {"documents": stand_ins / "documents.parquet", "language": "deu_Latn", "glotlid": stand_ins / "glotlid.bin",
                     },
        "dclm_baseline": {"warcs": WARCS, "lists": stand_ins, "model": stand_ins / "oh_eli5.bin"},
        "wikipedia": {"documents": stand_ins / "articles.jsonl", "dump": "test"},
    }  # fmt: skip


RECIPES = sorted(path.stem for path in PIPELINES.glob("*.py") if path.stem not in NOT_PUBLISHED)
"""A recipe that is new and has no settings here fails."""


def command(name: str, recipe: str, stand_ins: Path, out: Path, *more: object) -> Done:
    needs = {"fineweb": "trafilatura", "fineweb_edu": "onnxruntime"}
    if recipe in needs:
        pytest.importorskip(needs[recipe])
    given = [word for key, value in settings(stand_ins)[recipe].items() for word in ("--set", f"{key}={value}")]
    return atom_data(name, PIPELINES / f"{recipe}.py", "-o", out, *given, *more)


@pytest.mark.parametrize("recipe", RECIPES)
def test_check(recipe: str, stand_ins: Path, tmp_path: Path) -> None:
    done = command("check", recipe, stand_ins, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    for name in settings(stand_ins)[recipe]:
        assert f"parameter {name}: " in done.stdout


def kept(out: Path, stage: str) -> list[dict[str, object]]:
    files = sorted((out / stage).glob("*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


LAST = {"common_crawl": "english_clean", "fineweb": "fineweb", "fineweb_fast": "fineweb", "fineweb_edu": "edu",
        "fineweb2": "filtered", "dclm_baseline": "baseline", "wikipedia": "unique"}  # fmt: skip


@pytest.mark.parametrize("recipe", RECIPES)
def test_run(recipe: str, stand_ins: Path, tmp_path: Path) -> None:
    done = command("run", recipe, stand_ins, tmp_path, "-w", 1, "--no-progress", "--accept")
    assert done.returncode == 0, done.stderr
    rows = kept(tmp_path, LAST[recipe])
    if recipe != "fineweb_edu":  # the stand-in scores nothing 3 or more
        assert rows
    verified = atom_data("verify", tmp_path)
    assert verified.returncode == 0, verified.stderr
    if recipe == "wikipedia":
        assert {row["id"].partition("#")[2] for row in rows} == {"2"}, "stubs of 0 and 18 words go, and copies"  # type: ignore[attr-defined]
    if recipe == "fineweb2":
        assert {row["language"] for row in rows} == {"deu_Latn"}
        assert {row["near_copy_count"] for row in rows} == {2}
        assert [len(kept(tmp_path, f"copies_{size}")) for size in (1, 2, 3, 5, 100, 1000)] == [0, 15, 0, 0, 0, 0]
    again = atom_data("status", tmp_path)
    assert again.returncode == 0, again.stderr


def test_models_are_named_by_their_hash(stand_ins: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = command("check", "fineweb2", stand_ins, out)
    assert "file glotlid.bin: SHA-256 " in first.stdout and "; the first run records it" in first.stdout
    command("run", "fineweb2", stand_ins, out, "-w", 1, "--no-progress", "--accept")
    assert "; as in the last run" in command("check", "fineweb2", stand_ins, out).stdout
    other = tmp_path / "glotlid.bin"
    shutil.copy(stand_ins / "oh_eli5.bin", other)
    done = command("check", "fineweb2", stand_ins, out)
    given = ["--set", f"glotlid={other}"]
    changed = atom_data("check", PIPELINES / "fineweb2.py", "-o", out, *given)
    assert "in the last run it was" in changed.stdout, done.stdout + changed.stdout + changed.stderr
    lid = tmp_path / "lid.176.bin"
    shutil.copy(stand_ins / "oh_eli5.bin", lid)
    done = command("check", "fineweb_fast", stand_ins, out.with_name("other"), "--set", f"lid176={lid}")
    assert "file lid.176.bin: SHA-256" in done.stdout and "which is not the published one (7e69ec54" in done.stdout


def test_wikipedia_from_a_dump(tmp_path: Path) -> None:
    pytest.importorskip("mwparserfromhell")
    path = write_multistream(tmp_path)
    given = ["--set", f"dumps={path}", "--set", "dump=klein", "--no-progress", "--accept"]
    done = atom_data("run", PIPELINES / "wikipedia.py", "-o", tmp_path / "out", "-w", 1, *given)
    assert done.returncode == 0, done.stderr
    (moss,) = kept(tmp_path / "out", "unique")
    assert (moss["id"], moss["title"], moss["license"], moss["text"]) == (
        "kleinwiki:1",
        "Moss",
        "CC-BY-SA-4.0",
        MOSS_TEXT,
    )


def test_a_crawl_by_its_list_is_the_crawl_by_its_files(tmp_path: Path) -> None:
    path, given = (
        PIPELINES / "common_crawl.py",
        ["--set", "crawl=sample", "--set", "url_lists=none", "--no-progress", "--accept"],
    )
    for number in (0, 1):
        shutil.copy(SAMPLE / f"sample-0000{number}.warc.gz", tmp_path)
    (tmp_path / "warc.paths").write_text("sample-00000.warc.gz\nsample-00001.warc.gz\n")
    listed = ["--set", f"paths={tmp_path}/warc.paths", "--set", f"base={tmp_path}"]
    for out, more in (("by_list", listed), ("by_files", ["--set", f"warcs={tmp_path}/*.warc.gz"])):
        done = atom_data("run", path, "-o", tmp_path / out, *given, *more)
        assert done.returncode == 0, done.stderr
    assert kept(tmp_path / "by_list", "english_clean") == kept(tmp_path / "by_files", "english_clean") != []
    neither = atom_data("check", path)
    assert neither.returncode == 2 and "give one of paths= (a list such as warc.paths.gz) and warcs=" in neither.stderr


@pytest.mark.parametrize("recipe", RECIPES)
def test_recipes_are_short_and_say_what_is_not_the_same(recipe: str) -> None:
    text = (PIPELINES / f"{recipe}.py").read_text()
    assert len(text.splitlines()) <= 80
    assert "atom-data run" in text
    if recipe != "common_crawl":
        assert "Not the same" in text
