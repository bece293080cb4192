"""Four quality filters of datatrove over texts in Parquet, run by filters.py in an environment of its own.

Every filter gets the text as it came, so that C4's rewriting does not change what FineWeb's filter sees; `--every` asks
all filters about every document, without it a document that is dropped goes no further, as in a chain.
"""

import argparse
import json
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)


def main() -> None:
    """Filter, and write what was decided and how long it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clock", type=Path)
    parser.add_argument("--every", action="store_true")
    given = parser.parse_args()
    filters = {
        "gopher_repetition": GopherRepetitionFilter(),
        "gopher_quality": GopherQualityFilter(),
        "c4": C4QualityFilter(filter_no_terminal_punct=False),
        "fineweb": FineWebQualityFilter(),
    }
    texts = pq.read_table(given.texts)["text"].to_pylist()
    for step in filters.values():
        step.filter(Document(text="A text. " * 60, id="warm"))
    wall, cpu = time.perf_counter(), time.process_time()
    found = [decide(filters, text, given.every) for text in texts]
    took = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    pq.write_table(pa.Table.from_pylist(found), given.out / "decisions.parquet")
    if given.clock:
        with given.clock.open("a", encoding="utf-8") as clock:
            clock.write(json.dumps(took) + "\n")


def decide(filters: dict[str, object], text: str, every: bool) -> dict[str, bool | None]:
    """Return what each filter says; None for those that were not asked."""
    found: dict[str, bool | None] = dict.fromkeys(filters)
    for name, step in filters.items():
        found[name] = step.filter(Document(text=text, id="")) is True
        if not found[name] and not every:
            break
    return found


if __name__ == "__main__":
    main()
