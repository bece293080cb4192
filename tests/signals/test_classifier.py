"""The score of one label, as the fastText library gives it."""

from pathlib import Path

import fasttext
import pyarrow as pa
import pytest

from atom_data.errors import ConfigError
from atom_data.signals import FastTextClassifier

MODELS = Path(__file__).parents[1] / "text" / "fasttext" / "models"
TEXTS = ["abc fgh", "abc\nfgh abc", "дез абв " * 20, "日本語 あい", "x </s> ы", "zzz 123"]


def scored(texts: list[str | None], **options: object) -> list[float | None]:
    step = FastTextClassifier(**({"model": MODELS / "softmax.bin", "label": "xx"} | options))  # type: ignore[arg-type]
    return step(pa.record_batch({"text": pa.array(texts, pa.string())}))[step.column].to_pylist()  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", ["softmax.bin", "tree.bin", "one_vs_all.bin", "negative.bin", "pruned.ftz"])
def test_score_is_that_of_the_library(name: str) -> None:
    library = fasttext.load_model(str(MODELS / name)).f
    for label in ("xx", "ja"):
        found = scored(list(TEXTS), model=MODELS / name, label=label)
        for text, score in zip(TEXTS, found, strict=True):
            answer = library.predict(text.replace("\n", " ") + "\n", -1, 0.0, "strict")
            shares = {given: share for share, given in answer}
            assert score == pytest.approx(shares.get(f"__label__{label}", 0.0), abs=1e-4)


def test_texts_without_characters_have_no_score() -> None:
    assert [score is None for score in scored([None, "", " \n\u3000", "a", "!"])] == [True, True, True, False, False]


def test_only_the_first_bytes_count_if_so_asked() -> None:
    whole = scored(["abc fgh абв где", "abc", "abc fgh"])
    assert scored(["abc fgh абв где", "abc", "abc fgh"], max_bytes=7) == [whole[2], whole[1], whole[2]]
    assert whole[0] != whole[2]
    assert scored(["é" * 10], max_bytes=3)[0] is not None


def test_label_with_its_prefix_and_another_column() -> None:
    step = FastTextClassifier(model=MODELS / "softmax.bin", label="__label__ja", column="japanese", text="body")
    found = step(pa.record_batch({"body": ["日本語 あい", "abc"]}))
    assert found.schema.names == ["body", "japanese"]
    assert found.schema.field("japanese").type == pa.float32()
    assert found["japanese"].to_pylist() == scored(["日本語 あい", "abc"], label="ja")
    assert step(found.slice(0, 0)).schema == found.schema


def test_mistakes_are_named(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"no label 'hq' in .*softmax\.bin; labels there: .*yy.*\. Name one of them\."
    ):
        scored([], label="hq")
    with pytest.raises(ConfigError, match=r"model is 'm\.bin', not a Path\. Give Path\('m\.bin'\)\."):
        scored(["x"], model="m.bin")
    with pytest.raises(ConfigError, match="max_bytes is 0"):
        scored(["x"], max_bytes=0)
    with pytest.raises(ConfigError, match="no such file"):
        scored(["x"], model=tmp_path / "m.bin")
