"""The output layers of fastText as compiled loops: from a document's vector to its best label and score.

The same arithmetic as the library: vectors and sums in float32 and in order, exponentials and logarithms in float64 and
rounded, `log(x + 1e-5)` for every logarithm, the later of two equal labels, and nothing below a share of about 1e-5.
"""

import math
from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Float32s, Float64s, Int32s, Int64s
from atom_data.text.fasttext.lanes import aligned
from atom_data.text.memory import allocating, inlined, kernel, read_only

HIERARCHICAL, NEGATIVE, SOFTMAX, ONE_VS_ALL = 1, 2, 3, 4
"""The library's numbers for the losses a model can be trained with."""

MOST_COUNTED = 10**15
"""What the library takes for the count of a node that is not made yet; labels must be counted less often."""

_SIGMOID_LIMIT = 8
_SIGMOID_CELLS = 512
_LEAST = np.float32(math.log(1e-5))
"""What the library's threshold of 0 comes to."""


class Output(NamedTuple):
    """An output layer as arrays."""

    loss: int
    matrix: Float32s
    """A row for each inner node of the tree; for the other losses a column for each label."""
    children: Int32s
    """Left and right of each inner node of the tree, the root last; leaves are labels, inner nodes count on from there."""
    sigmoid: Float32s
    """The library's table, as steps of 1/32 between -8 and 8."""
    depth: int
    """Of the deepest leaf."""


@kernel
def best_labels(totals: Float64s, counts: Int64s, output: Output, labels: Int32s, scores: Float32s) -> None:
    """Set label and score of each document from its sum of rows and their number; -1 and 0 where there is no label."""
    vector = np.zeros(totals.shape[1], np.float32)
    for document in range(counts.size):
        label, score = -1, np.float32(-np.inf)
        if counts[document] > 0:
            for lane in range(vector.size):
                vector[lane] = np.float32(totals[document, lane]) * np.float32(1.0 / counts[document])
            if output.loss == HIERARCHICAL:
                label, score = _search(vector, output)
            else:
                label, score = _compare(vector, output)
        labels[document] = label
        scores[document] = np.float32(math.exp(np.float64(score)) if label >= 0 else 0.0)


@kernel
def top_labels(totals: Float64s, counts: Int64s, output: Output, labels: Int32s, scores: Float32s) -> None:
    """Set the best labels of each document, best first, as many as `labels` has columns; -1 and 0 where there is none."""
    vector = np.zeros(totals.shape[1], np.float32)
    for document in range(counts.size):
        logs = _log_shares(totals, counts, document, vector, output)
        for rank in range(labels.shape[1]):
            best, best_score = -1, _LEAST
            for label in range(logs.size):
                if logs[label] >= best_score:
                    best, best_score = label, logs[label]
            labels[document, rank] = best
            scores[document, rank] = np.float32(math.exp(np.float64(best_score)) if best >= 0 else 0.0)
            if best >= 0:
                logs[best] = -np.inf


@kernel
def label_scores(totals: Float64s, counts: Int64s, output: Output, label: int, scores: Float32s) -> None:
    """Set the score that one label has for each document; 0 where the library would not return it."""
    vector = np.zeros(totals.shape[1], np.float32)
    for document in range(counts.size):
        score = _log_shares(totals, counts, document, vector, output)[label]
        scores[document] = np.float32(math.exp(np.float64(score)) if score >= _LEAST else 0.0)


@allocating
def _log_shares(totals: Float64s, counts: Int64s, document: int, vector: Float32s, output: Output) -> Float32s:
    """Return the logarithm of every label's share of a document; minus infinity for all of a document without rows."""
    if output.loss == HIERARCHICAL:
        logs = np.full(output.children.shape[0] + 1, -np.inf, np.float32)
    else:
        logs = np.full(output.matrix.shape[1], -np.inf, np.float32)
    if counts[document] == 0:
        return logs
    for lane in range(vector.size):
        vector[lane] = np.float32(totals[document, lane]) * np.float32(1.0 / counts[document])
    if output.loss == HIERARCHICAL:
        _leaf_logs(vector, output, logs)
        return logs
    shares = _shares(vector, output)
    for label in range(shares.size):
        logs[label] = _log(shares[label])
    return logs


@allocating
def _leaf_logs(vector: Float32s, output: Output, logs: Float32s) -> None:
    """Set the score of every leaf of the tree; parents come after children, so it is walked from the last node down."""
    labels = logs.size
    nodes = np.zeros(2 * labels - 1, np.float32)
    for node in range(labels - 2, -1, -1):
        right = _right_share(vector, node, output)
        left = np.float32(1.0 - np.float64(right))
        nodes[output.children[node, 0]] = nodes[labels + node] + _log(left)
        nodes[output.children[node, 1]] = nodes[labels + node] + _log(right)
    logs[:] = nodes[:labels]


@inlined
def _log(share: np.float32) -> np.float32:
    return np.float32(math.log(np.float64(share) + 1e-5))


@inlined
def _right_share(vector: Float32s, node: int, output: Output) -> np.float32:
    product = np.float32(0)
    for lane in range(vector.size):
        product += output.matrix[node, lane] * vector[lane]
    return np.float32(1.0 / np.float64(np.float32(1) + np.float32(math.exp(-np.float64(product)))))


@allocating
def _search(vector: Float32s, output: Output) -> tuple[int, np.float32]:
    """Walk the tree left first, as the library does, without the branches that cannot win.

    A log share can grow by 1e-5 a level, because of the 1e-5 added. So what lies further below a leaf already seen
    than that, three times over, can neither win nor shut out what the library would return.
    """
    children = output.children
    labels = children.shape[0] + 1
    stack = np.empty(labels + 1, np.int32)
    stack_scores = np.empty(labels + 1, np.float32)
    bound = np.float32(_greedy(vector, output) - np.float32(4e-5 * (output.depth + 2)))
    best, best_score = -1, _LEAST
    stack[0], stack_scores[0], height = 2 * labels - 2, np.float32(0), 1
    while height > 0:
        height -= 1
        node, score = stack[height], stack_scores[height]
        if score < best_score or score < bound:
            continue
        if node < labels:
            best, best_score = node, score
            continue
        node -= labels
        right = _right_share(vector, node, output)
        left = np.float32(1.0 - np.float64(right))
        stack[height], stack_scores[height] = children[node, 1], score + _log(right)
        stack[height + 1], stack_scores[height + 1] = children[node, 0], score + _log(left)
        height += 2
    return best, best_score


@inlined
def _greedy(vector: Float32s, output: Output) -> np.float32:
    """Return the score of the leaf at the end of the likelier branches."""
    labels = output.children.shape[0] + 1
    node, score = 2 * labels - 2, np.float32(0)
    while node >= labels:
        right = _right_share(vector, node - labels, output)
        left = np.float32(1.0 - np.float64(right))
        score += _log(max(left, right))
        node = output.children[node - labels, np.int64(right > left)]
    return score


@allocating
def _compare(vector: Float32s, output: Output) -> tuple[int, np.float32]:
    """Return the best of all labels, for the losses that give each its share."""
    shares = _shares(vector, output)
    best, best_score = -1, np.float32(-np.inf)
    for label in range(shares.size):
        score = _log(shares[label])
        if score >= best_score:
            best, best_score = label, score
    return best, best_score


@allocating
def _shares(vector: Float32s, output: Output) -> Float32s:
    """Return the share of each label, for the losses that give each its own."""
    shares = np.zeros(output.matrix.shape[1], np.float32)
    for lane in range(vector.size):
        factor = vector[lane]
        for label in range(shares.size):
            shares[label] += output.matrix[lane, label] * factor
    if output.loss == SOFTMAX:
        _softmax(shares)
    else:
        _sigmoid(shares, output.sigmoid)
    return shares


@inlined
def _softmax(shares: Float32s) -> None:
    highest, total = shares[0], np.float32(0)
    for label in range(shares.size):
        highest = max(highest, shares[label])
    for label in range(shares.size):
        shares[label] = np.float32(math.exp(np.float64(shares[label] - highest)))
        total += shares[label]
    for label in range(shares.size):
        shares[label] /= total


@inlined
def _sigmoid(shares: Float32s, table: Float32s) -> None:
    limit = np.float32(_SIGMOID_LIMIT)
    for label in range(shares.size):
        if shares[label] > limit:
            shares[label] = 1
        elif shares[label] >= -limit:
            cell = (shares[label] + limit) * np.float32(_SIGMOID_CELLS) / limit / np.float32(2)
            shares[label] = table[np.int64(cell)]
        else:  # also what is not a number, from a broken model
            shares[label] = 0


def build_output(loss: int, matrix: Float32s, counts: list[int]) -> Output:
    """Return the output layer of a model with these label vectors, one per row, and these counts of labels."""
    padded = aligned(*matrix.shape)
    padded[:, : matrix.shape[1]] = matrix
    children, depth = np.zeros((0, 2), np.int32), 0
    if loss == HIERARCHICAL:
        children, depth = _tree(counts)
    else:
        padded = np.ascontiguousarray(padded.T)
    return Output(loss, read_only(padded), read_only(children), read_only(_sigmoid_table()), depth)


def _tree(counts: list[int]) -> tuple[Int32s, int]:
    """Return the children of the inner nodes of the library's Huffman tree, and the depth of its deepest leaf.

    The library takes the labels from the last to the first, which is the rarest first; of equal counts an inner node.
    """
    labels = len(counts)
    counts = counts + [MOST_COUNTED] * (labels - 1)
    heights = [0] * len(counts)
    children = np.zeros((labels - 1, 2), np.int32)
    leaf, node = labels - 1, labels
    for parent in range(labels, 2 * labels - 1):
        pair = []
        for _ in range(2):
            if leaf >= 0 and counts[leaf] < counts[node]:
                pair.append(leaf)
                leaf -= 1
            else:
                pair.append(node)
                node += 1
        children[parent - labels] = pair
        counts[parent] = counts[pair[0]] + counts[pair[1]]
        heights[parent] = 1 + max(heights[pair[0]], heights[pair[1]])
    return children, heights[-1]


def _sigmoid_table() -> Float32s:
    """Return the library's table of the sigmoid function."""
    places = np.arange(_SIGMOID_CELLS + 1, dtype=np.float32) * np.float32(2 * _SIGMOID_LIMIT)
    places = places / np.float32(_SIGMOID_CELLS) - np.float32(_SIGMOID_LIMIT)
    return (1.0 / (1.0 + np.exp(-places))).astype(np.float32)
