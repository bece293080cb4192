"""Tokens, against what spaCy 3.8.18 makes of the same runs of ink (made by spacy.blank("en") of random pieces)."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from atom_data.text.buffers import string_buffers
from atom_data.text.datatrove.spacy_english import split_ink
from atom_data.text.datatrove.spacy_table import english
from atom_data.text.memory import kernel, read_only

TOKENS = json.loads(Path(__file__).with_name("english_tokens.json").read_text("utf-8"))


@kernel
def _cuts(data, offsets, table, cuts, counts):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for run in range(offsets.size - 1):
        counts[run] = split_ink(data, offsets[run], offsets[run + 1], table, cuts[run])


def tokens(runs: list[str]) -> list[list[str]]:
    """The tokens of each run of ink."""
    buffers = string_buffers(pa.array(runs, pa.string()))
    cuts = np.zeros((len(runs), max(len(run.encode()) for run in runs) + 2), np.int64)
    counts = np.zeros(len(runs), np.int64)
    _cuts(read_only(buffers.data), read_only(buffers.offsets), english(), cuts, counts)
    data = buffers.data.tobytes()
    return [
        [data[one:two].decode() for one, two in pairwise(cut[: count + 1])]
        for cut, count in zip(cuts, counts, strict=True)
    ]


def test_tokens_are_those_of_spacy() -> None:
    runs = list(TOKENS)
    found = tokens(runs)
    differing = {run: (made, TOKENS[run]) for run, made in zip(runs, found, strict=True) if made != TOKENS[run]}
    assert len(runs) > 350
    # Of random pieces, one in two thousand is cut otherwise: smileys that share a sign.
    assert len(differing) <= 1, differing


def test_tokens_long_runs_of_any_sign_are_cut_whole() -> None:
    runs = [sign * 20_000 for sign in ("(", ".", "a.", "漢", "…", "@", "'s", "1-", "😀")]
    assert [("".join(found)) for found in tokens(runs)] == runs
