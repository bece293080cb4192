"""An encoder from an ONNX file, made here: vectors of tokens, their mean, a matrix. Against the same in numpy."""

import pickle
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from atom_data.batch import empty
from atom_data.errors import ConfigError, DataError
from atom_data.identity import canonical, describe
from atom_data.signals import OnnxClassifier
from tests.test_contract import ODD, batch

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

WORDS = ["[UNK]", "[PAD]", "good", "bad", "proof", "spam", "the", "of"]
DRAW = np.random.default_rng(3)
VECTORS = DRAW.normal(size=(len(WORDS), 6)).astype(np.float32)
LAYER = DRAW.normal(size=(6, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A model of mean vectors and its tokenizer."""
    folder = tmp_path_factory.mktemp("encoder")
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.enable_padding(pad_id=1, pad_token="[PAD]")
    tokenizer.save(str(folder / "tokenizer.json"))
    save(folder / "model.onnx", ["input_ids", "attention_mask"])
    return {"model": folder / "model.onnx", "tokenizer": folder / "tokenizer.json"}


def save(path: Path, inputs: list[str]) -> None:
    """Write the model; its mask comes from the second input."""
    node, tensor = onnx.helper.make_node, onnx.numpy_helper.from_array
    nodes = [
        node("Gather", ["vectors", inputs[0]], ["found"]),
        node("Cast", [inputs[1]], ["mask"], to=onnx.TensorProto.FLOAT),
        node("Unsqueeze", ["mask", "last"], ["wide"]),
        node("Mul", ["found", "wide"], ["seen"]),
        node("ReduceSum", ["seen", "second"], ["sums"], keepdims=0),
        node("ReduceSum", ["mask", "second"], ["counts"], keepdims=1),
        node("Div", ["sums", "counts"], ["means"]),
        node("MatMul", ["means", "layer"], ["logits"]),
    ]
    kinds = onnx.TensorProto.INT64, onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        nodes,
        "means",
        [onnx.helper.make_tensor_value_info(name, kinds[0], ["batch", "length"]) for name in inputs],
        [onnx.helper.make_tensor_value_info("logits", kinds[1], ["batch", 3])],
        [
            tensor(VECTORS, "vectors"),
            tensor(LAYER, "layer"),
            tensor(np.array([2]), "last"),
            tensor(np.array([1]), "second"),
        ],
    )
    made = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(made.SerializeToString())


def expected(text: str, limit: int = 512) -> np.ndarray:
    places = [WORDS.index(word) if word in WORDS else 0 for word in text.split()[:limit]]
    mean: np.ndarray = VECTORS[places].mean(axis=0) @ LAYER
    return mean


def scored(step: OnnxClassifier, texts: list[str | None]) -> list[float | None]:
    return step(pa.record_batch({"text": pa.array(texts, pa.string())}))[step.column].to_pylist()  # type: ignore[no-any-return]


TEXTS = ["good proof", "the spam of the bad", "good", "unknown words " * 40, "of " * 7, "bad spam"]


def test_numbers_are_those_of_the_model(files: dict[str, Path]) -> None:
    for output in range(3):
        found = scored(OnnxClassifier(**files, output=output), list(TEXTS))
        assert found == pytest.approx([expected(text)[output] for text in TEXTS], abs=1e-5)
    logits = np.array([expected(text) for text in TEXTS])
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert scored(OnnxClassifier(**files, output=1, activation="softmax"), list(TEXTS)) == pytest.approx(
        shares[:, 1], abs=1e-5
    )
    sigmoid = 1 / (1 + np.exp(-logits[:, 0]))
    assert scored(OnnxClassifier(**files, activation="sigmoid"), list(TEXTS)) == pytest.approx(sigmoid, abs=1e-5)


def test_small_batches_give_the_same_and_only_the_first_tokens_count(files: dict[str, Path]) -> None:
    many = [*TEXTS * 20, "good " * 3]
    whole = scored(OnnxClassifier(**files), list(many))
    assert scored(OnnxClassifier(**files, max_tokens=100, batch_tokens=100), list(many)) == pytest.approx(
        whole, abs=1e-5
    )
    cut = scored(OnnxClassifier(**files, max_tokens=3), list(TEXTS))
    assert cut == pytest.approx([expected(text, 3)[0] for text in TEXTS], abs=1e-5)
    assert cut[1] != pytest.approx(whole[1], abs=1e-3)
    assert scored(OnnxClassifier(**files), list(many)) == whole


def test_texts_without_characters_have_no_number(files: dict[str, Path]) -> None:
    found = scored(OnnxClassifier(**files), ["good", None, "", " \n", "bad"])
    assert [number is None for number in found] == [False, True, True, True, False]


def test_contract_of_steps(files: dict[str, Path]) -> None:
    step = OnnxClassifier(**files, column="edu")
    before = batch(ODD)
    after = step(before)
    assert after.drop_columns(["edu"]).equals(before)
    assert step(before).equals(after)
    assert step(empty(before.schema)).schema == after.schema
    assert after.schema.field("edu").type == pa.float32()
    assert canonical(describe(step)) == canonical(describe(pickle.loads(pickle.dumps(step))))


def test_mistakes_are_named(files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"model is 'm\.onnx', not a Path"):
        OnnxClassifier(model="m.onnx", tokenizer=files["tokenizer"])  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"activation is 'tanh'; there are none, sigmoid, softmax\. Take one\."):
        OnnxClassifier(**files, activation="tanh")
    with pytest.raises(ConfigError, match="max_tokens is 9, batch_tokens 8"):
        OnnxClassifier(**files, max_tokens=9, batch_tokens=8)
    with pytest.raises(ConfigError, match=r"no file .*none\.onnx"):
        scored(OnnxClassifier(model=tmp_path / "none.onnx", tokenizer=files["tokenizer"]), ["x"])
    with pytest.raises(ConfigError, match=r"gives \[1, 3\] numbers for 1 texts, and output is 3"):
        scored(OnnxClassifier(**files, output=3), ["x"])
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    with pytest.raises(DataError, match=r"broken\.onnx is not an ONNX model"):
        scored(OnnxClassifier(model=broken, tokenizer=files["tokenizer"]), ["x"])
    with pytest.raises(DataError, match=r"broken\.onnx is not a tokenizer"):
        scored(OnnxClassifier(model=files["model"], tokenizer=broken), ["x"])
    save(tmp_path / "other.onnx", ["input_ids", "pixels"])
    with pytest.raises(ConfigError, match="wants pixels; there are input_ids, attention_mask"):
        scored(OnnxClassifier(model=tmp_path / "other.onnx", tokenizer=files["tokenizer"]), ["x"])
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ConfigError, match=r"onnxruntime is not installed\. Run `pip install 'atom-data\[onnx\]'`"):
        scored(OnnxClassifier(**files, max_tokens=7), ["x"])
