"""The kernels against the fastText library itself, for one model of each kind; and model files that are not right."""

import random
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import fasttext
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from atom_data.errors import AtomDataError, ConfigError, DataError
from atom_data.signals.language_model import language_model
from atom_data.text.buffers import Buffers, string_buffers
from atom_data.text.fasttext.kernel import BLOCK, CHUNK
from atom_data.text.fasttext.model import Model, Predictions, predict, predict_top, read_model, score_label
from atom_data.text.fasttext.ngrams import STREAM
from tests.text.fasttext.models.make_models import LETTERS
from tests.text.reference import SAMPLES, broken, buffers_of, texts

MODELS = (*sorted((Path(__file__).parent / "models").glob("*.[bf]*")), language_model())
TREE = MODELS[0].with_name("tree.bin")
HEADER_BYTES = 8
SHORT = 1_000
"""Bytes that sum up to the library's last digits; what is longer may differ by more, in this order of additions."""
BUCKETS = HEADER_BYTES + 4 * 8

_letters = "".join(LETTERS.values())
_words = st.one_of(
    st.text(_letters, min_size=1, max_size=8),
    st.text(_letters, min_size=20, max_size=40),
    st.sampled_from(["</s>", "__label__xx", "__label__", "__label__none", "<", ">", "<a>", "a" * 24, "a" * 25]),
)
_lines = st.lists(st.tuples(_words, st.sampled_from([" ", "  ", "\n", "\t", "\r", "\x00", "\x0b", "\x0c", "\x85"])))
_documents = st.one_of(_lines.map(lambda pairs: "".join(map("".join, pairs))), texts)


@cache
def ours(path: Path) -> Model:
    return read_model(path)


@cache
def library(path: Path) -> object:
    return fasttext.load_model(str(path)).f


def expected(path: Path, values: Sequence[bytes]) -> list[tuple[str | None, float]]:
    """The library's best label and score of each value."""
    found = []
    for value in values:
        answer = library(path).predict(value.replace(b"\n", b" ") + b"\n", 1, 0.0, "strict")
        found.append((answer[0][1].removeprefix("__label__"), answer[0][0]) if answer else (None, 0.0))
    return found


def assert_same(path: Path, values: Sequence[bytes]) -> None:
    model = ours(path)
    labels, scores = predict(model, string_buffers(pa.array(values, pa.binary())))
    for value, label, score, (name, share) in zip(values, labels, scores, expected(path, values), strict=True):
        assert (model.labels[label] if label >= 0 else None) == name, value[:200]
        assert abs(score - share) <= (3e-6 if len(value) < SHORT else 1e-4), value[:200]


def sentences() -> list[bytes]:
    """Some hundred lines of the words that the tiny models were trained on, and of real ones."""
    draw = random.Random(7)
    kinds = list(LETTERS.values())
    made = []
    for _ in range(300):
        letters = draw.choice(kinds)
        count = draw.choice([1, 2, 5, 30])
        made.append(" ".join("".join(draw.choices(letters, k=draw.randint(1, 7))) for _ in range(count)).encode())
    return [*made, *(sample.encode() for sample in SAMPLES)]


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
class TestModel:
    def test_sentences_have_the_labels_of_the_library(self, path: Path) -> None:
        values = sentences()
        assert_same(path, values)
        if len(ours(path).labels) > 1:
            assert len({label for label, _ in expected(path, values)}) >= 4

    @settings(max_examples=40)
    @given(st.lists(_documents, max_size=5))
    def test_text_has_the_labels_of_the_library(self, path: Path, documents: list[str]) -> None:
        assert_same(path, [document.encode() for document in documents])

    @settings(max_examples=40)
    @given(st.lists(st.one_of(broken, st.lists(st.sampled_from(b" a\x80\xbf\xc3\xe3\xf0<>")).map(bytes)), max_size=5))
    def test_broken_bytes_have_the_labels_of_the_library(self, path: Path, documents: list[bytes]) -> None:
        assert_same(path, documents)

    def test_words_around_the_sizes_of_the_kernel_have_the_labels_of_the_library(self, path: Path) -> None:
        sizes = [7, 8, 9, 15, 16, 17, 23, 24, 25, STREAM - 3, STREAM - 2, STREAM - 1, STREAM, STREAM + 1]
        sizes += [2 * STREAM, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5]
        draw = random.Random(3)
        words = ["".join(draw.choices("abcdefgh", k=size)).encode() for size in sizes]
        words += ["".join(draw.choices("日本語あい", k=size)).encode() for size in sizes]
        words += [b"ab" + b"\x80" * size + b"c" for size in (3, 4, 5, STREAM, CHUNK)]
        words += [b"ab" * STREAM + b"\x80" * 5 + b"\xe3\x81\x82" * STREAM]
        joined = b" ".join(word for word in words if len(word) < STREAM)
        assert_same(path, [*words, joined, b" " * (CHUNK - 2) + words[5] + b" " + words[5]])

    def test_lines_after_the_end_of_sentence_are_not_read(self, path: Path) -> None:
        values = [b"</s>", b"ab </s> cd", b"ab</s> cd", b"ab <s> cd", b"ab\n</s>\ncd " + b"ef " * BLOCK, b"gh"]
        assert_same(path, values)
        found = predict(ours(path), buffers_of([b"ab </s> cd efgh abcd", b"ab"]))
        assert found.scores[0] == found.scores[1]


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_every_label_has_the_score_of_the_library(path: Path) -> None:
    model, values = ours(path), [*sentences()[::4], b"", b"</s>", b"\xff"]
    buffers, count = buffers_of(values), min(5, len(model.labels))
    top, few = predict_top(model, buffers, len(model.labels) + 1), predict_top(model, buffers, count)
    assert top.labels.shape == (len(values), len(model.labels))
    assert few.labels.tolist() == top.labels[:, :count].tolist()
    scores = np.stack([score_label(model, buffers, label) for label in range(len(model.labels))])
    for row, value in enumerate(values):
        answer = library(path).predict(value.replace(b"\n", b" ") + b"\n", -1, 0.0, "strict")
        shares = {name.removeprefix("__label__"): share for share, name in answer}
        assert [shares.get(label, 0.0) for label in model.labels] == pytest.approx(scores[:, row], abs=2e-5), value
        there = top.labels[row][top.labels[row] >= 0]
        assert len(there) == len(answer)
        assert top.scores[row][: len(answer)] == pytest.approx([share for share, _ in answer], abs=2e-5)
        assert [scores[label, row] for label in there] == top.scores[row][: len(there)].tolist()


def test_best_of_the_best_labels_is_the_best_label() -> None:
    values = sentences()
    for path in MODELS:
        best, top = predict(ours(path), buffers_of(values)), predict_top(ours(path), buffers_of(values), 1)
        assert top.labels[:, 0].tolist() == best.labels.tolist()
        assert top.scores[:, 0] == pytest.approx(best.scores, abs=1e-6)


def test_long_word_has_the_label_of_the_library() -> None:
    draw = random.Random(5)
    word = "".join(draw.choices("abcdefghabcдеあ語", k=500_000)).encode()
    assert len(word) > 600_000
    assert_same(TREE, [word, b"ab " + word])
    assert_same(language_model(), [word])


def test_long_document_has_the_score_of_its_parts() -> None:
    """The library's own score is 2e-4 off here, and 1e-3 in four times the text: it adds millions of float32 numbers."""
    part = " ".join(SAMPLES) + "\n"
    document = (part * (5_000_000 // len(part.encode()) + 1)).encode()
    assert len(document) > 5_000_000
    model = ours(language_model())
    found = predict(model, buffers_of([part * 500, document]))
    ((name, share),) = expected(language_model(), [document])
    assert model.labels[found.labels[1]] == name
    assert found.scores[1] == pytest.approx(share, abs=2e-3)
    assert found.scores[1] == pytest.approx(found.scores[0], abs=5e-6)


def test_answers_do_not_depend_on_neighbors_or_order() -> None:
    values = [*sentences(), b"abc" * STREAM, b"\x80" * 100, b"xy " * BLOCK, *sentences()[::-1]]
    assert sum(len(value.split()) for value in values) > 2 * BLOCK
    model = ours(language_model())
    together = predict(model, buffers_of(values))
    alone = [predict(model, buffers_of([value])) for value in values]
    backwards = predict(read_model(language_model()), buffers_of(values[::-1]))
    assert together.labels.tolist() == [found.labels[0] for found in alone] == backwards.labels[::-1].tolist()
    assert together.scores.tolist() == [found.scores[0] for found in alone] == backwards.scores[::-1].tolist()


@pytest.mark.parametrize("before", [0, 8, 16])
def test_words_alike_but_for_eight_bytes_are_never_taken_for_each_other(before: int) -> None:
    draw = random.Random(before)
    letters = [b"a", b"n", "ж".encode(), b"c"]
    words = [b"e" * before + b"".join(draw.choices(letters, k=8))[:8] + b"g" * (16 - before) for _ in range(6_000)]
    assert_same(TREE, words)


def test_threads_get_the_same_answers() -> None:
    model, buffers = ours(language_model()), buffers_of(sentences() * 20)
    once = predict(model, buffers)
    found: list[Predictions] = []
    threads = [threading.Thread(target=lambda: found.append(predict(model, buffers))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for other in found:
        assert other.labels.tolist() == once.labels.tolist()
        assert other.scores.tolist() == once.scores.tolist()


def test_no_rows_nulls_and_slices() -> None:
    model = ours(TREE)
    assert predict(model, buffers_of([])).labels.shape == (0,)
    empty = predict(model, buffers_of([""])).scores[0]
    nulls = predict(model, string_buffers(pa.array([None, "abc"], pa.string())))
    assert nulls.scores[0] == empty
    assert predict(model, string_buffers(pa.nulls(3))).scores.tolist() == [empty] * 3
    values = ["abc def", None, "да вот", "", "日本語"]
    whole = predict(model, string_buffers(pa.array(values, pa.large_string())))
    part = predict(model, string_buffers(pa.array(values, pa.large_string()).slice(2, 3)))
    assert part.labels.tolist() == whole.labels[2:].tolist()
    assert part.scores.tolist() == whole.scores[2:].tolist()
    data = np.frombuffer(b"xxabc defyy", np.uint8)
    inside = predict(model, Buffers(data, np.array([2, 9])))
    assert inside.scores.tolist() == [whole.scores[0]]


def test_model_without_an_end_of_sentence_says_nothing_of_no_words(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(MODELS[0].with_name("words_only.bin").read_bytes().replace(b"</s>\0", b"<xs>\0"))
    assert_same(path, [b"", b" ", b"</s>", b"unknown", b"<xs>"])
    assert predict(ours(path), buffers_of(["unknown", "<xs>"])).labels.tolist() == [-1, 0]


def test_model_of_version_11_has_no_subwords(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    data = TREE.read_bytes()
    path.write_bytes(data[:4] + (11).to_bytes(4, "little") + data[8:])
    assert ours(TREE).weights.longest > 0 == ours(path).weights.longest
    assert_same(path, sentences())


@pytest.mark.parametrize("buckets", [1, 2, 3, 127, 128, 149])
def test_model_with_another_number_of_buckets_agrees(buckets: int, tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    data = TREE.read_bytes()
    path.write_bytes(data[:BUCKETS] + buckets.to_bytes(4, "little") + data[BUCKETS + 4 :])
    assert_same(path, sentences())


@pytest.mark.parametrize("path", MODELS[:-1], ids=lambda path: path.name)
def test_file_cut_short_is_refused(path: Path, tmp_path: Path) -> None:
    data = path.read_bytes()
    short = tmp_path / path.name
    for size in [*range(0, min(len(data), 400), 3), *range(400, len(data), 97), len(data) - 1]:
        short.write_bytes(data[:size])
        with pytest.raises(AtomDataError) as raised:
            read_model(short)
        assert isinstance(raised.value, ConfigError if size < HEADER_BYTES else DataError)
        assert str(raised.value).startswith(f"fastText model {short}: ")


@pytest.mark.parametrize("path", MODELS[:-1], ids=lambda path: path.name)
@settings(max_examples=30)
@given(changes=st.lists(st.tuples(st.integers(0, 2**32), st.integers(0, 255)), min_size=1, max_size=3))
def test_changed_file_is_refused_or_read(
    path: Path, tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(path.read_bytes())
    for place, value in changes:
        data[place % min(len(data), 600)] = value
    changed = tmp_path_factory.mktemp("changed") / path.name
    changed.write_bytes(data)
    try:
        model = read_model(changed)
    except AtomDataError:
        return
    found = predict(model, buffers_of(["ab cd efgh 日本語", "", "ab" * STREAM]))
    assert (found.labels < len(model.labels)).all()


def test_missing_foreign_and_unfit_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        read_model(tmp_path / "missing.bin")
    with pytest.raises(ConfigError, match="no such file"):
        read_model(tmp_path)
    foreign = tmp_path / "foreign.bin"
    foreign.write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(ConfigError, match="not a fastText model"):
        read_model(foreign)
    data = TREE.read_bytes()
    for place, value, message in (
        (4, 13, "file version 13"),
        (HEADER_BYTES + 4 * 7, 1, "word vectors"),
        (HEADER_BYTES, 0, "0 dimensions"),
        (HEADER_BYTES + 4 * 6, 9, "unknown loss 9"),
        (BUCKETS, 0, "0 buckets"),
    ):
        foreign.write_bytes(data[:place] + value.to_bytes(4, "little") + data[place + 4 :])
        with pytest.raises(AtomDataError, match=message):
            read_model(foreign)
