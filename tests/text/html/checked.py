"""Every kernel of the engine on broken and hostile pages, with each index checked: `python -m tests.text.html.checked INPUTS`.

Numba reads and writes behind the end of an array without a word unless NUMBA_BOUNDSCHECK is set before it compiles, so this
runs in a process of its own, with a cache of its own.
"""

import os
import random
import sys
from pathlib import Path

import numpy as np

from atom_data.text.kernel_cache import cache_folder
from tests.fuzz.mutate import changed
from tests.text.html.shapes import SHAPES

SHAPE_BYTES = 60_000
WORDS = (
    b"<div>", b"</div>", b"<p>", b"</p>", b"<table>", b"<tr><td>", b"</table>", b"<b>", b"</b>", b"</a>",
    b"<a href='/x?a=1&amp;b'>", b"<pre>", b"```", b"<code class=language-c>", b"<ul><li>", b"<ol start=7><li>", b"<!--", b"-->",
    b"<script>", b"</script>", b"<script type=math/tex>", b"<math alttext='x'>", b"</math>", b"application/x-tex>",
    b"<span class=katex-html>", b"</span>", b"<svg>", b"<template>", b"&amp;", b"&nGt;", b"&#x10FFFF;", b"&", b"<", b">", b"'",
    b'"', b"=", b"\0", b"\xc2", b"\xe3\x80", b"<h1>", b"</h2>", b"<br><br>", b"<img class=tex alt='x^2'>", b"<blockquote>",
    b"<title>", b"<meta property=og:title content='", b"<script type=application/ld+json>{\"@type\":\"",
    b"<time datetime=2024-01-01>", b"<option>", b" class='comment nav'", b"word. ",
)  # fmt: skip


def environment() -> dict[str, str]:
    """Return the environment of a process whose kernels check every index."""
    cache = str(cache_folder() / "bounds-checked")
    return {**os.environ, "NUMBA_BOUNDSCHECK": "1", "ATOM_DATA_CACHE": cache}


def seeds() -> list[bytes]:
    """Return pages to change: every shape, short, and pages with all that the engine looks at."""
    page = Path(__file__).with_name("page.html").read_bytes()
    return [page, page * 3, *(shape(2_000) for shape in SHAPES.values())]


def main(inputs: int) -> int:
    """Read the shapes and so many changed pages in every way; return how many were read."""
    from atom_data.extract.engine import EngineError
    from atom_data.extract.main_text import MainText
    from tests.text.html.invariants import check

    engines = [
        MainText(markdown=True, links=True, metadata=True),
        MainText(comments=False, favor="recall", markdown=True),
    ]
    chance, pages = random.Random(7), seeds()
    made = [shape(SHAPE_BYTES) for shape in SHAPES.values()]
    made += [changed(chance.choice(pages), chance, WORDS, pages) for _ in range(inputs)]
    made += [b"".join(chance.choices(WORDS, k=chance.randrange(60))) for _ in range(inputs)]
    for html in made:
        check(html)
        for engine in engines:
            try:
                engine.read(html, "https://example.org/blog/2024/05/06/a-b-c?x#y")
            except EngineError as error:
                assert str(error) == "too_complex"
    return len(made)


def counts_past_the_end() -> bool:
    """Tell whether a kernel that reads behind its array is stopped: without that this test could not fail."""
    from atom_data.text.main_text.comments import _leave_out

    try:
        _leave_out(
            np.zeros((2, 14), np.int32) + 5,
            np.full(2, 0xFFFFFFFF, np.uint64),
            np.zeros((1, 21), np.int32),
            np.ones(1, np.bool_),
            np.ones(0, np.bool_),
        )
    except IndexError:
        return True
    return False


if __name__ == "__main__":
    sys.stdout.write(f"{main(int(sys.argv[1]))} {counts_past_the_end()}")
