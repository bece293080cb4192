"""Near copies as datatrove finds them: the same clusters, and of each the one that datatrove keeps."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from atom_data import MinHash
from atom_data.text.similarity.datatrove import datatrove_roots, datatrove_signatures
from tests.dedup.near.test_near_walk import execute

AS_DATATROVE = MinHash(ngram=2, bands=6, rows=2, confirm=False, compatible="datatrove")


def made() -> list[str | None]:
    """Return texts of which many differ in some words only, so that some clusters hang together by a few buckets."""
    random = np.random.RandomState(7)
    texts: list[str | None] = []
    for cluster in range(12):
        words = [f"w{cluster}x{place}" for place in range(14)]
        for _ in range(random.randint(1, 9)):
            words = [f"y{random.randint(99)}" if random.rand() < 0.12 else word for word in words]
            texts.append(" ".join(words))
    order = random.permutation(len(texts))
    return [*(texts[place] for place in order), None, "", "one"]


@pytest.mark.parametrize("parts", [1, 3])
def test_of_each_cluster_the_root_of_datatrove_stays(tmp_path: Path, parts: int) -> None:
    texts = made()
    rows = execute(tmp_path, texts, AS_DATATROVE, parts, 10)
    signatures = datatrove_signatures(pa.array(texts, pa.string()), 2, 12)[:-3]
    roots = [*datatrove_roots(signatures, 6).tolist(), *range(len(texts) - 3, len(texts))]
    assert sum(root != min(own for own, its in enumerate(roots) if its == root) for root in roots) > 5
    kept = {row["id"] for row in rows if row["near_copy_rank"] == 0}
    assert kept == {f"d{root:03}" for root in roots}
    assert [row["near_copy_count"] for row in rows] == [roots.count(root) for root in roots]


def test_confirmed_ones_are_chosen_by_keep(tmp_path: Path) -> None:
    """With `confirm` the texts decide what is a copy, and the pass which one stays: the longest."""
    texts: list[str | None] = ["a b c d e f g h", "a b c d e f g h extra long", "z y x"]
    by = MinHash(ngram=2, bands=6, rows=2, compatible="datatrove", min_jaccard=0.5)
    assert [row["near_copy_rank"] for row in execute(tmp_path, texts, by, 1, 10)] == [1, 0, 0]
