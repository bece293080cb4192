"""Boosted trees: trained by LightGBM in one thread, kept in the form that kernels evaluate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from atom_data.errors import ConfigError
from atom_data.text.arrays import Float32s, Float64s
from atom_data.text.main_text.model import chances_by
from atom_data.text.main_text.trees import LEAVES, Trees


@dataclass(frozen=True, kw_only=True, slots=True)
class Boosting:
    """How trees are grown: names as LightGBM explains them."""

    rounds: int
    learning_rate: float
    leaves: int = LEAVES - 1
    """At most LEAVES."""
    least_in_leaf: int = 80
    column_share: float = 0.2
    row_share: float = 0.5
    bins: int = 63


def grow(
    rows: Sequence[Float32s], targets: Sequence[Float64s], weights: Sequence[Float32s], how: Boosting, seed: int
) -> Trees:
    """Return trees whose sum is the log odds of targets in 0..1. The same input gives the same trees.

    One matrix a page. Memory: the rows twice, once in bytes. ConfigError without LightGBM.
    """
    lightgbm = _lightgbm()
    weight = np.concatenate(weights)
    data = lightgbm.Dataset(
        np.concatenate(rows),
        np.concatenate(targets),
        weight=weight / weight.mean(),
        free_raw_data=True,
        params=_parameters(how, seed),
    )
    return trees_of(lightgbm.train(_parameters(how, seed), data, how.rounds).dump_model()["tree_info"])


def probabilities(rows: Float32s, trees: Trees) -> Float32s:
    """Return the probability that trees give for each row."""
    if not len(rows):
        return np.zeros(0, np.float32)
    chances: Float32s = chances_by(np.ascontiguousarray(rows.T), trees)
    return chances


def _parameters(how: Boosting, seed: int) -> dict[str, Any]:
    return {
        "objective": "cross_entropy",
        "learning_rate": how.learning_rate,
        "num_leaves": how.leaves,
        "min_data_in_leaf": how.least_in_leaf,
        "feature_fraction": how.column_share,
        "bagging_fraction": how.row_share,
        "bagging_freq": 1,
        "lambda_l2": 5,
        "max_bin": how.bins,
        "use_missing": False,
        "force_col_wise": True,
        "deterministic": True,
        "num_threads": 1,
        "seed": seed,
        "verbose": -1,
    }


def trees_of(found: Sequence[dict[str, Any]]) -> Trees:
    """Return LightGBM's trees as rows of splits, each with a mask of the leaves that it puts out of reach."""
    count = len(found)
    trees = Trees(
        np.zeros((count, LEAVES - 1), np.int32),
        np.full((count, LEAVES - 1), np.inf, np.float32),
        np.full((count, LEAVES - 1), 0xFFFFFFFF, np.uint32),
        np.zeros((count, LEAVES), np.float32),
        np.zeros(count, np.int32),
    )
    for row, tree in enumerate(found):
        splits: list[tuple[int, float, int]] = []
        leaves: list[float] = []
        _walk(tree["tree_structure"], splits, leaves)
        for place, (column, border, mask) in enumerate(splits):
            trees.columns[row, place], trees.masks[row, place] = column, mask
            trees.borders[row, place] = _single(border)
        trees.leaves[row, : len(leaves)] = leaves
        trees.splits[row] = len(splits)
    return trees


def _walk(node: dict[str, Any], splits: list[tuple[int, float, int]], leaves: list[float]) -> int:
    """Append the splits and leaves below a node; return the bits of its leaves."""
    if "split_feature" not in node:
        leaves.append(node["leaf_value"])
        return 1 << (len(leaves) - 1)
    place = len(splits)
    splits.append((0, 0.0, 0))
    left = _walk(node["left_child"], splits, leaves)
    right = _walk(node["right_child"], splits, leaves)
    splits[place] = (node["split_feature"], node["threshold"], ~left & 0xFFFFFFFF)
    return left | right


def _single(border: float) -> np.float32:
    """Return the highest single that is not above a border, so that no single value changes sides."""
    near = np.float32(border)
    return near if float(near) <= border else np.nextafter(near, np.float32(-np.inf))


def _lightgbm() -> Any:  # noqa: ANN401
    try:
        import lightgbm  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "train-extractor: the package lightgbm, which grows the trees, is not installed. Run `pip install 'atom-data[train]'`."
        ) from error
    return lightgbm
