"""A classifier trained from two sets: the same bytes again, the library's scores, an honest report, named mistakes."""

import json
import random
import sys
from dataclasses import replace
from pathlib import Path

import fasttext
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data.errors import ConfigError, DataError
from atom_data.readers.open import source_for
from atom_data.signals import FastTextClassifier
from atom_data.train import Options, train_classifier
from atom_data.train.labeled import line_of, write_lines
from atom_data.train.report import area_under_curve, best_threshold, thresholds
from tests.command import atom_data

pytest.importorskip("floret")

SMALL = Options(dimension=8, buckets=2_000, epochs=10, learning_rate=0.5, held_out=0.25)
ONLY = {
    "good": ["proof", "theorem", "lemma", "therefore", "because"],
    "bad": ["buy", "cheap", "click", "winner", "casino"],
}
BOTH = ["the", "of", "and", "page", "world", "people", "time"]


def texts(kind: str, count: int) -> list[str]:
    draw = random.Random(kind)
    return [" ".join(draw.choices(ONLY[kind] + BOTH, k=draw.randint(5, 30))) for _ in range(count)]


@pytest.fixture
def sets(tmp_path: Path) -> tuple[Path, Path]:
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.parquet"
    good.write_text(
        "".join(json.dumps({"id": f"g{n}", "text": text}) + "\n" for n, text in enumerate(texts("good", 200)))
    )
    pq.write_table(pa.table({"text": texts("bad", 200)}), bad)
    return good, bad


def train(sets: tuple[Path, Path], model: Path, options: Options = SMALL) -> dict[str, object]:
    labeled = [
        (name, [source_for("train-classifier", str(path), source="labeled")])
        for name, path in zip(("hq", "lq"), sets, strict=True)
    ]
    return train_classifier(labeled, model, options).as_json()


@pytest.mark.parametrize("quantize", [False, True])
def test_same_sets_give_the_same_bytes_and_the_scores_of_the_library(quantize: bool, sets: tuple[Path, Path]) -> None:
    options = replace(SMALL, quantize=quantize, shortest_subword=2, longest_subword=3)
    first, second = (sets[0].with_name(f"{name}{'.ftz' if quantize else '.bin'}") for name in ("first", "second"))
    assert train(sets, first, options) == train(sets, second, options)
    assert first.read_bytes() == second.read_bytes()
    assert not list(sets[0].parent.glob(".train-*"))
    library = fasttext.load_model(str(first)).f
    documents = [*texts("good", 20), *texts("bad", 20), "unknown words only", "a\nb"]
    step = FastTextClassifier(model=first, label="hq")
    scores = step(pa.record_batch({"text": documents}))["quality_score"].to_pylist()
    for document, score in zip(documents, scores, strict=True):
        answer = {
            label: share for share, label in library.predict(document.replace("\n", " ") + "\n", 2, 0.0, "strict")
        }
        assert score == pytest.approx(answer["__label__hq"], abs=1e-5)


def test_report_tells_the_sets_apart(sets: tuple[Path, Path]) -> None:
    report = train(sets, sets[0].with_name("model.bin"))
    counts = [*report["documents"].values(), *report["held_out"].values()]  # type: ignore[attr-defined]
    assert sum(counts) == 400
    assert 60 <= sum(counts[2:]) <= 140
    assert report["area_under_curve"] > 0.99  # type: ignore[operator]
    best = report["best"]
    assert isinstance(best, dict)
    assert best["precision"] > 0.95
    assert best["recall"] > 0.95
    json.dumps(report)


def test_report_finds_nothing_where_there_is_nothing(sets: tuple[Path, Path]) -> None:
    good, bad = sets
    mixed = texts("good", 150) + texts("bad", 150)
    random.Random(1).shuffle(mixed)
    good.write_text("".join(json.dumps({"text": text}) + "\n" for text in mixed[:150]))
    pq.write_table(pa.table({"text": mixed[150:]}), bad)
    assert 0.35 < train(sets, good.with_name("model.bin"))["area_under_curve"] < 0.65  # type: ignore[operator]


def test_another_seed_holds_out_others(sets: tuple[Path, Path]) -> None:
    one, two = (train(sets, sets[0].with_name("m.bin"), replace(SMALL, seed=seed)) for seed in (0, 1))
    assert one["held_out"] != two["held_out"] or one["thresholds"] != two["thresholds"]


def test_texts_that_are_no_use_are_left_out_and_counted(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.txt"
    lines = [
        '{"text": "same one"}',
        '{"text": "same one"}',
        '{"text": " "}',
        "no json",
        '{"text": "alone here"}',
        '{"text": null}',
    ]
    good.write_text("\n".join(lines))
    bad.write_text("same one")
    (tmp_path / "more.txt").write_text("another\nline")
    (tmp_path / "last.txt").write_text("and one")
    sets = [
        ("hq", [source_for("train-classifier", str(good), source="labeled")]),
        ("lq", [source_for("train-classifier", f"{tmp_path}/*.txt", source="labeled")]),
    ]
    found = write_lines(sets, tmp_path / "lines", 0, None)
    assert found.left_out == {"blank": 2, "unreadable": 1, "repeated": 1, "contradictory": 1}
    assert sorted(found.numbers.tolist()) == [0, 0, 1, 1]
    with pytest.raises(DataError, match=r"label 'lq': 1 different texts; left out: .*\. Give more documents of it\."):
        write_lines(
            [sets[0], ("lq", [source_for("train-classifier", str(tmp_path / "more.txt"), source="labeled")])],
            tmp_path / "lines",
            0,
            None,
        )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (None, b""),
        (b"a\nb\r\nc", b"a b\r c"),
        (b"__label__lq text __label__x\t__label__", b" text \t"),
        (b"a__label__b <__label__", b"a__label__b <__label__"),
        (b"one </s> two", b"one "),
        (b"one</s> two", b"one</s> two"),
        ("é".encode() * 3, "éé".encode() + b"\xc3"),
    ],
)
def test_line_has_no_label_of_its_own(text: bytes | None, line: bytes) -> None:
    assert line_of(text, 5 if text and text[0] > 127 else None) == line


def test_text_cannot_label_itself(sets: tuple[Path, Path]) -> None:
    good, _bad = sets
    plain = train(sets, good.with_name("plain.bin"))
    rows = [json.loads(line) for line in good.read_text().splitlines()]
    good.write_text("".join(json.dumps(row | {"text": "__label__lq " + row["text"]}) + "\n" for row in rows))
    marked = train(sets, good.with_name("marked.bin"))
    assert marked["area_under_curve"] == pytest.approx(plain["area_under_curve"], abs=0.01)
    assert set(marked["documents"]) == {"hq", "lq"}  # type: ignore[call-overload]


def test_known_scores_have_known_thresholds() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05], np.float32)
    positive = np.array([1, 1, 0, 1, 0, 0, 0, 0, 0, 0], bool)
    best = best_threshold(scores, positive)
    assert (best.kept, best.precision, best.recall) == (0.4, 0.75, 1.0)
    assert 0.5 < best.score <= 0.6
    found = {round(one.kept, 2): one for one in thresholds(scores, positive)}
    assert (found[0.1].precision, found[0.1].recall) == (1.0, 0.3333)
    assert (found[0.9].precision, found[0.9].recall) == (0.3333, 1.0)
    assert area_under_curve(scores, positive) == pytest.approx(20 / 21, abs=1e-4)
    assert area_under_curve(np.ones(4, np.float32), np.array([1, 0, 1, 0], bool)) == 0.5


def test_command_trains_and_reports(sets: tuple[Path, Path]) -> None:
    model = sets[0].with_name("m.bin")
    options = ("--held-out", "0.25", "--dimension", 8, "--buckets", 2000, "--learning-rate", "0.5")
    done = atom_data("train-classifier", model, "--good", sets[0], "--bad", sets[1], *options)
    assert done.returncode == 0, done.stderr
    assert "score of 'hq' on documents held out" in done.stdout
    assert f'FastTextClassifier(model=Path("{model}"), label="hq")' in done.stdout
    assert json.loads(model.with_name("m.bin.report.json").read_text())["parameters"]["buckets"] == 2000
    assert model.is_file()


def test_mistakes_are_named(sets: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    model = sets[0].with_name("m.bin")
    for arguments, message in (
        (
            (model, "--good", sets[0], "--bad", "nothing.doc"),
            "nothing.doc: it does not end as a file of a kind that is read here: .jsonl, .parquet, .csv, .txt, .wet",
        ),
        (
            (model, "--good", sets[0].parent, "--bad", sets[1]),
            "files of several kinds: JSON lines",
        ),
        ((model, "--good", sets[0], "--bad", sets[1], "--labels", "hq"), "--labels: 'hq' is not a pair"),
        ((model, "--good", sets[0], "--bad", sets[1], "--labels", "a,a"), "Give two different ones"),
        ((model.with_suffix(".ftz"), "--good", sets[0], "--bad", sets[1]), "the model is a .bin file"),
        ((model, "--good", sets[0], "--bad", sets[1], "--held-out", 2), "held_out is 2.0; it is a share"),
        ((model, "--good", sets[0], "--bad", sets[1], "--subwords", "4,2"), "longest_subword is 2, shortest_subword 4"),
        ((sets[0].with_name("no") / "m.bin", "--good", sets[0], "--bad", sets[1]), "Make it first"),
    ):
        done = atom_data("train-classifier", *arguments)
        assert done.returncode == 2, done.stderr
        assert message in done.stderr
    monkeypatch.setitem(sys.modules, "floret", None)
    with pytest.raises(ConfigError, match=r"floret, which trains fastText models, is not installed\. Run `pip install"):
        train(sets, model)
