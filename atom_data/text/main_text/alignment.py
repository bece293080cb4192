"""Which words of a page are those of a text that was copied from it: the best alignment in order."""

import numpy as np

from atom_data.text.arrays import Bools, Int32s
from atom_data.text.memory import allocating, kernel

_UP, _LEFT, _MATCH, _STEP, _RUN = 1, 2, 3, 3, 4
_NEVER = -(1 << 28)
RUN_GAIN = 3
"""What a match counts behind a match of the words before; alone it counts 1. So that the text is found in runs."""


def aligned(page: Int32s, text: Int32s) -> tuple[Bools, Bools]:
    """Return which words of a page, and which of a text, belong together; words are numbers, equal ones the same.

    Time and memory: a byte and some nanoseconds for each pair of words.
    """
    found, covered = np.zeros(len(page), np.bool_), np.zeros(len(text), np.bool_)
    if len(page) and len(text):
        _align(np.ascontiguousarray(page, np.int32), np.ascontiguousarray(text, np.int32), found, covered)
    return found, covered


@kernel
def _align(page: Int32s, text: Int32s, found: Bools, covered: Bools) -> None:
    steps = _steps(page, text)
    row, column, running = len(page), len(text), False
    while row > 0 and column > 0:
        step = steps[row, column]
        if running or step & _STEP == _MATCH:
            running = step & _RUN != 0
            row, column = row - 1, column - 1
            found[row], covered[column] = True, True
        elif step & _STEP == _UP:
            row -= 1
        else:
            column -= 1


@allocating
def _steps(page: Int32s, text: Int32s) -> np.ndarray:
    """Return for each pair of places the last step of the best alignment up to there."""
    size = len(text) + 1
    steps = np.zeros((len(page) + 1, size), np.uint8)
    best, best_before = np.zeros(size, np.int32), np.zeros(size, np.int32)
    run, run_before = np.zeros(size, np.int32), np.full(size, _NEVER, np.int32)
    for row in range(1, len(page) + 1):
        best[0], run[0] = 0, _NEVER
        word = page[row - 1]
        for column in range(1, size):
            flag, matched = 0, _NEVER
            if word == text[column - 1]:
                matched = best_before[column - 1] + 1
                longer = run_before[column - 1] + RUN_GAIN
                if longer > matched:
                    matched, flag = longer, _RUN
            run[column] = matched
            most, step = best_before[column], _UP
            if best[column - 1] > most:
                most, step = best[column - 1], _LEFT
            if matched > most:
                most, step = matched, _MATCH
            best[column] = most
            steps[row, column] = flag | step
        best, best_before = best_before, best
        run, run_before = run_before, run
    return steps
