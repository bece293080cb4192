"""The language step: what it adds, and that it says what the library says."""

import dataclasses
import pickle
from pathlib import Path

import fasttext
import pyarrow as pa
import pytest

from atom_data.errors import ConfigError, DataError
from atom_data.signals.language import FastTextLanguage, load_model
from atom_data.signals.language_model import language_model

TINY = Path(__file__).parents[1] / "text" / "fasttext" / "models" / "tree.bin"

SENTENCES = {
    "ar": "كل صباح نشرب القهوة في الشرفة قبل أن نذهب إلى العمل.",
    "de": "Jeden Morgen trinken wir Kaffee auf dem Balkon, bevor wir zur Arbeit gehen.",
    "el": "Κάθε πρωί πίνουμε καφέ στο μπαλκόνι πριν πάμε στη δουλειά.",
    "en": "Every morning we drink coffee on the balcony before we go to work.",
    "es": "Cada mañana tomamos café en el balcón antes de ir a trabajar.",
    "fi": "Joka aamu juomme kahvia parvekkeella ennen kuin menemme töihin.",
    "fr": "Chaque matin, nous buvons du café sur le balcon avant d'aller au travail.",
    "he": "כל בוקר אנחנו שותים קפה במרפסת לפני שאנחנו הולכים לעבודה.",
    "hi": "हर सुबह हम काम पर जाने से पहले बालकनी में कॉफ़ी पीते हैं।",
    "ja": "私たちは毎朝、仕事に行く前にベランダでコーヒーを飲みます。",
    "ko": "우리는 매일 아침 출근하기 전에 발코니에서 커피를 마십니다.",
    "pl": "Każdego ranka pijemy kawę na balkonie, zanim pójdziemy do pracy.",
    "ru": "Каждое утро мы пьём кофе на балконе, прежде чем идти на работу.",
    "th": "ทุกเช้าเราดื่มกาแฟที่ระเบียงก่อนไปทำงาน",
    "tr": "Her sabah işe gitmeden önce balkonda kahve içiyoruz.",
    "uk": "Щоранку ми п'ємо каву на балконі, перш ніж іти на роботу.",
    "vi": "Mỗi sáng chúng tôi uống cà phê ở ban công trước khi đi làm.",
    "zh": "我们每天早上去上班之前在阳台上喝咖啡。",
}


def measured(texts: list[str | None], step: FastTextLanguage | None = None) -> list[tuple[str | None, float | None]]:
    """Language and score of each text."""
    after = (step or FastTextLanguage())(pa.record_batch({"text": pa.array(texts, pa.string())}))
    return list(zip(after["language"].to_pylist(), after["language_score"].to_pylist(), strict=True))


def test_sentences_are_in_their_languages() -> None:
    found = measured(list(SENTENCES.values()))
    assert [language for language, _ in found] == list(SENTENCES)
    assert all(score is not None and 0.5 < score < 1.001 for _, score in found)


@pytest.mark.parametrize("path", [None, TINY], ids=["default", "tiny"])
def test_texts_have_label_and_score_of_the_library(path: Path | None) -> None:
    library = fasttext.load_model(str(path or language_model())).f
    plain = FastTextLanguage(model=path, none_for_code=False)
    texts = [*SENTENCES.values(), "\n".join(SENTENCES.values()), "abc fgh", "x </s> ы", "Tab\tund\r\nZeile\n\n", "é"]
    for text, (language, score) in zip(texts, measured(texts, plain), strict=True):
        ((share, label),) = library.predict(text.replace("\n", " ") + "\n", 1, 0.0, "strict")
        assert language == label.removeprefix("__label__")
        assert score == pytest.approx(share, abs=1e-4)


CODE = """
for (int i = 0; i < n_rows; ++i) {
    row_ptr[i + 1] = row_ptr[i] + (mask[i] & 0x7f) * 4;
    if (!(flags[i] >> 3 & 1)) { out[i] = (a[i] - b[i]) / (c[i] + 1e-9); }
}
#define CHECK(x, y) do { if ((x) != (y)) { return -(__LINE__); } } while (0)
"""


def columns(texts: list[str | None], step: FastTextLanguage) -> dict[str, list[object]]:
    """What a step adds."""
    after = step(pa.record_batch({"text": pa.array(texts, pa.string())}))
    return {name: after[name].to_pylist() for name in after.schema.names[1:]}


def test_code_and_tables_are_no_language_and_prose_with_numbers_is() -> None:
    table = "\n".join(f"{number} | {number * 7.5} | kg" for number in range(40))
    dated = SENTENCES["de"] + " 12.03.2021, 14:30"
    found = measured([CODE, table, dated, "a1!", *SENTENCES.values()])
    assert found[:2] == [("none", None)] * 2
    assert [language for language, _ in found[2:]] == ["de", "none", *SENTENCES]
    named = measured([CODE, table, "12", ""], FastTextLanguage(none_for_code=False))
    assert [language in ("none", None) for language, _ in named] == [False, False, True, True]


def test_text_of_two_languages_is_mixed() -> None:
    german, french = SENTENCES["de"] + "\n", SENTENCES["fr"] + "\n"
    texts = [
        german * 40 + french * 40,
        german * 80,
        german * 72 + french * 8,
        german,
        None,
        "",
        "12",
        CODE * 5 + german,
    ]
    found = columns(texts, FastTextLanguage(segment_bytes=300))
    assert found["language"] == ["mixed", "de", "de", "de", None, None, "none", "none"]
    shares = found["language_share"]
    assert 0.4 < shares[0] < 0.6 < 0.85 < shares[2] < 1  # type: ignore[operator]
    assert (shares[1], *shares[3:7]) == (1, 1, None, None, 1)
    assert found["language_score"][0] is not None is not found["language_score"][3]
    assert found["language_score"][-1] is None


def test_best_labels_as_many_as_asked_for() -> None:
    found = columns([SENTENCES["de"], None, "", "12"], FastTextLanguage(top=3))["language_top"]
    first = found[0]
    assert isinstance(first, list)
    assert next(entry["language"] for entry in first) == "de"
    assert len(first) == 3
    assert first[0]["score"] > first[1]["score"] > first[2]["score"]
    assert found[1:3] == [None, None]
    assert "language_top" not in columns(["x"], FastTextLanguage())


def test_texts_without_letters_have_no_language() -> None:
    found = measured(["12.50 %", "😀 !!!", "–", "", " \n\u3000", None, "\0", "a"])
    assert found[:-1] == [("none", None)] * 3 + [(None, None)] * 3 + [("none", None)]
    assert found[-1][0] not in (None, "none")


def test_model_that_says_nothing_gives_null(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(TINY.with_name("words_only.bin").read_bytes().replace(b"</s>\0", b"<xs>\0"))
    step = FastTextLanguage(model=path)
    assert measured(["unknown", "<xs>", "!"], step) == [(None, None), ("xx", 1.0), ("none", None)]


def test_columns_are_string_and_float32_also_without_rows() -> None:
    batch = pa.record_batch({"id": pa.array(["a"]), "text": pa.array(["Guten Tag zusammen"])})
    for step in (FastTextLanguage(segment_bytes=100, top=2), FastTextLanguage(model=TINY, segment_bytes=100, top=2)):
        assert step(batch).schema == step(batch.slice(0, 0)).schema
    whole, none = FastTextLanguage()(batch), FastTextLanguage()(batch.slice(0, 0))
    assert whole.schema == none.schema
    assert whole.schema.names == ["id", "text", "language", "language_score"]
    assert whole.schema.types[2:] == [pa.string(), pa.float32()]
    assert (whole.num_rows, none.num_rows) == (1, 0)


def test_slices_and_wide_strings_are_read_from_their_place() -> None:
    texts = pa.array([*SENTENCES.values(), None, *SENTENCES.values()], pa.large_string())
    batch = pa.record_batch({"text": texts})
    part = FastTextLanguage()(batch.slice(7, 20))
    assert part["language"].to_pylist() == [*list(SENTENCES)[7:], None, *list(SENTENCES)[:8]]


def test_step_is_a_small_value() -> None:
    step = FastTextLanguage(model=TINY)
    assert pickle.loads(pickle.dumps(step)) == step == FastTextLanguage(model=TINY) != FastTextLanguage()
    assert len({step, FastTextLanguage(model=TINY), FastTextLanguage()}) == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        step.model = None  # type: ignore[misc]


def test_model_is_read_once() -> None:
    assert load_model(TINY) is load_model(Path(TINY)) is not load_model(None)


def test_wrong_models_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"model is 'lid\.bin', not a Path\. Give Path\('lid\.bin'\)\."):
        FastTextLanguage(model="lid.bin")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="no such file"):
        measured(["x"], FastTextLanguage(model=tmp_path / "missing.bin"))
    with pytest.raises(ConfigError, match=r"top is 0; it is a number of labels"):
        FastTextLanguage(top=0)
    with pytest.raises(ConfigError, match=r"segment_bytes is 10; a model says little of less than 50\. Give 500\."):
        FastTextLanguage(segment_bytes=10)
    cut = tmp_path / "cut.bin"
    cut.write_bytes(TINY.read_bytes()[:-1])
    with pytest.raises(DataError, match="bytes should follow"):
        measured([], FastTextLanguage(model=cut))
    with pytest.raises(ConfigError, match="no column 'text'"):
        FastTextLanguage()(pa.record_batch({"id": pa.array(["a"])}))
