"""How often the `datatrove_*` cards decide as datatrove did, filter by filter, on a file of its decisions.

    python benchmarks/conformance.py --data FOLDER

FOLDER holds golden.tar.xz (the default is ../shared/data, or BENCH_DATA).
"""

import io
import tarfile
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from inputs import archive

from atom_data import keep
from atom_data.rules import REASON
from atom_data.signals import measure_as_datatrove

DECISIONS = "golden/datatrove-0.10.1-run/filters_dev.parquet"
CARDS = {
    "gopher_rep": "datatrove_gopher_repetition",
    "gopher_quality": "datatrove_gopher_quality",
    "c4": "datatrove_c4_no_terminal",
    "c4_full": "datatrove_c4",
    "fineweb_quality": "datatrove_fineweb",
}
"""The columns of the file, and the cards that should decide the same."""


def main() -> None:
    """Print the table."""
    decided = decisions(archive(__doc__, "golden.tar.xz", "what datatrove decided"))
    print("| filter | documents | same decision | same reason | differing |\n|---|---|---|---|---|")
    for name, (same, reasons, differing) in compared(decided).items():
        share = f"{same:,} ({100 * same / decided.num_rows:.2f} %)"
        print(f"| {name} | {decided.num_rows:,} | {share} | {reasons:,} | {dict(differing) or '-'} |")


def decisions(archive: Path) -> pa.RecordBatch:
    """Return the documents with what datatrove decided."""
    with tarfile.open(archive) as opened:
        stream = opened.extractfile(DECISIONS)
        assert stream is not None
        table = pq.read_table(io.BytesIO(stream.read()))
    return table.combine_chunks().to_batches()[0]


def compared(decided: pa.RecordBatch) -> dict[str, tuple[int, int, Counter[str]]]:
    """Return for each filter how many decisions and how many reasons are the same, and what differs: theirs to ours."""
    measured = measure_as_datatrove(pa.record_batch({"id": decided["id"], "text": decided["text"]}))
    found = {}
    for name, card in CARDS.items():
        ours = [reason and reason.partition(".")[2] for reason in keep(card)(measured).column(REASON).to_pylist()]
        theirs, kept = decided[f"{name}_reason"].to_pylist(), decided[name].to_pylist()
        pairs = list(zip(ours, theirs, kept, strict=True))
        differing = Counter(f"{his} to {mine}" for mine, his, keeps in pairs if (mine is None) != keeps)
        same = sum((mine is None) == keeps for mine, _, keeps in pairs)
        found[name] = same, sum(mine == his for mine, his, _ in pairs), differing
    return found


if __name__ == "__main__":
    main()
