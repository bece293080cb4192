"""Trains the tiny classifiers beside this file: one for each kind of model file that fastText 0.9.2 writes.

    pip install fasttext-wheel "numpy<2" && python make_models.py

The texts are made up here, from a fixed seed; one thread, so the same machine makes the same files.
"""

import random
from pathlib import Path
from tempfile import NamedTemporaryFile

import fasttext

LETTERS = {
    "xx": "abcdefgh",
    "yy": "efghijklmn",
    "zz": "абвгдежз",
    "ja": "あいうえお日本語",
    "th": "กขคงจฉชซ",
    "emoji": "😀🙂é☃x",
}


def training_lines(labels: list[str], lines: int) -> list[str]:
    """Return labeled lines of words made of a few letters for each label, the first labels more often."""
    draw = random.Random(5)
    kinds = list(LETTERS.values())
    weights = [1 / (rank + 2) for rank in range(len(labels))]
    made = []
    for label in labels + draw.choices(labels, weights, k=lines - len(labels)):
        letters = kinds[labels.index(label) % len(kinds)]
        words = ["".join(draw.choices(letters, k=draw.randint(1, 6))) for _ in range(draw.randint(1, 12))]
        made.append(f"__label__{label} {' '.join(words)}")
    return made


def train(
    name: str, labels: list[str], lines: int = 300, quantize: dict[str, object] | None = None, **options: object
) -> None:
    """Train one model and save it as NAME.bin, or quantized as NAME.ftz."""
    with NamedTemporaryFile("w", suffix=".txt") as text:
        text.write("\n".join(training_lines(labels, lines)) + "\n")
        text.flush()
        model = fasttext.train_supervised(text.name, thread=1, epoch=8, lr=0.6, verbose=0, seed=3, **options)
        if quantize is not None:
            model.quantize(text.name, thread=1, verbose=0, **quantize)
    model.save_model(str(Path(__file__).parent / f"{name}.{'bin' if quantize is None else 'ftz'}"))


if __name__ == "__main__":
    few = list(LETTERS)
    many = [str(number) for number in range(256)]
    train("tree", few, loss="hs", dim=5, minn=1, maxn=3, bucket=150, minCount=6)
    train("softmax", few, loss="softmax", dim=4, wordNgrams=3, bucket=200, minCount=6)
    train("one_vs_all", few, loss="ova", dim=17, minn=2, maxn=4, wordNgrams=2, bucket=64, minCount=8)
    train("negative", few, loss="ns", dim=3, minn=2, maxn=6, bucket=90, minCount=8)
    train("words_only", few[:1], loss="hs", dim=2, minCount=8)
    options = {"dim": 6, "minn": 2, "maxn": 3, "bucket": 500, "minCount": 4}
    train("pruned", few, loss="hs", wordNgrams=2, quantize={"cutoff": 300, "qnorm": True, "dsub": 4}, **options)
    train("quantized", few, loss="softmax", quantize={"dsub": 2}, **options)
    train(
        "quantized_output",
        many,
        700,
        loss="hs",
        quantize={"qout": True, "cutoff": 280, "retrain": True, "dsub": 3},
        **options,
    )
