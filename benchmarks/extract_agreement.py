"""Whether our reader of HTML sees the text that a browser's parser sees: word by word beside lexbor's tree.

    make bench-extract_agreement        SET=FOLDER/wcxb-dev-500.warc.gz; the default is ../shared/data's, or BENCH_DATA's

Nothing is chosen on either side. The words of a page are those of all text outside scripts, styles, drawings and the head's
title, with a space at each element that breaks a line; the agreement is the F1 of the words, each as often as it occurs.
Writes benchmarks/results/extract_agreement.json: pages below 0.99 are named there with words of either side.
"""

import os
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from measure import ROOT, write_report

WORD = re.compile(r"\w+")
ENOUGH, SHARE = 0.99, 0.98
SET = Path(
    os.environ.get("SET")
    or Path(os.environ.get("BENCH_DATA", ROOT.parent / "shared" / "data")) / "wcxb-dev-500.warc.gz"
)
LEFT_OUT = {"script", "style", "svg", "template", "title", "textarea", "iframe", "noembed", "noframes", "xmp", "math"}


def main() -> int:
    """Compare, print and report. Exit code 1 when fewer than SHARE of the pages agree."""
    sys.path.insert(0, str(ROOT))
    from atom_data.text.html.scan import scan
    from atom_data.train.extraction.pages import read_pages

    rows: list[dict[str, Any]] = []
    for page in read_pages(SET, "unused"):
        ours = words(scan(page.html).text.tobytes().decode("utf-8", "replace"))
        theirs = words(tree_text(page.html.decode("utf-8", "replace")))
        rows.append({
            "page": page.name, "f1": agreement(ours, theirs), "words": ours.total(), "lexbor_words": theirs.total(),
            "ours_alone": sorted(ours - theirs)[:8], "theirs_alone": sorted(theirs - ours)[:8],
        })  # fmt: skip
    scores = np.array([row["f1"] for row in rows])
    share = float(np.mean(scores >= ENOUGH))
    print(f"{len(rows)} pages, mean {scores.mean():.4f}, {share:.1%} at {ENOUGH} and more")
    low = sorted((row for row in rows if row["f1"] < ENOUGH), key=lambda row: row["f1"])
    for row in low:
        print(row)
    result = {
        "pages": len(rows),
        "mean": round(float(scores.mean()), 5),
        "share_that_agree": round(share, 4),
        "others": low,
    }
    write_report("extract_agreement", {"input": {"what": SET.name}, "result": result})
    return 0 if share >= SHARE else 1


def words(text: str) -> Counter[str]:
    """Return the words of a text and how often each occurs."""
    return Counter(WORD.findall(text.lower()))


def agreement(one: Counter[str], other: Counter[str]) -> float:
    """Return the F1 of the words of two texts; 1 for two without words."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 1.0


def tree_text(html: str) -> str:
    """Return all text of lexbor's tree, with a space at each element that breaks a line."""
    from resiliparse.parse.html import HTMLTree

    from atom_data.text.html import tags

    breaks = {name for name, number in tags.TAGS.items() if tags.FLAGS[number] & tags.BLOCK} | {"br"}
    parts: list[str] = []
    # A node and whether it is left again: the tree may be deeper than Python's stack.
    waiting: list[tuple[Any, bool]] = [(HTMLTree.parse(html).document.first_child, False)]
    while waiting:
        node, leaves = waiting.pop()
        if node is None:
            continue
        if leaves:
            parts.append(" ")
            continue
        waiting.append((node.next, False))
        if node.type == 3:
            parts.append(node.text)
        elif node.type == 1 and node.tag not in LEFT_OUT:
            is_break = node.tag in breaks or "-" in node.tag
            if is_break:
                parts.append(" ")
                waiting.append((node, True))
            waiting.append((node.first_child, False))
    return "".join(parts)


if __name__ == "__main__":
    sys.exit(main())
