"""A run as OpenMetrics text, for whatever watches the cluster (OpenMetrics 1.0: a family a block, `# EOF` at the end)."""

from collections.abc import Iterator, Sequence

from atom_data.status.status import JobStatus
from atom_data.storage.paths import create

GAUGES = {
    "shards": ("Shards that the stage makes.", lambda status: status.shards),
    "shards_finished": ("Shards with a receipt.", lambda status: status.finished),
    "shards_failed": ("Shards whose last attempt failed.", lambda status: status.failed),
    "elements_running": ("Running array tasks.", lambda status: status.elements["RUNNING"]),
    "elements_waiting": (
        "Pending array tasks.",
        lambda status: status.elements.total() - status.elements["RUNNING"],
    ),
    "documents_in": ("Documents read by finished shards.", lambda status: status.sums["rows_in"]),
    "documents_kept": ("Documents kept by finished shards.", lambda status: status.sums["rows_out"]),
    "input_bytes": ("Bytes of input of finished shards.", lambda status: status.sums["input_bytes"]),
    "output_bytes": ("Bytes of all files of finished shards.", lambda status: status.sums["output_bytes"]),
    "text_bytes": ("UTF-8 bytes of text kept.", lambda status: status.sums["text_bytes"]),
    "tokens": ("Tokens written.", lambda status: status.sums["tokens"]),
    "cpu_seconds": ("CPU time of finished shards.", lambda status: round(status.sums["cpu_seconds"], 4)),
    "wall_seconds": (
        "Wall time of finished shards, one after another.",
        lambda status: round(status.sums["wall_seconds"], 4),
    ),
    "peak_memory_bytes": ("Resident memory of the largest worker.", lambda status: status.peak_memory_bytes),
}
"""Gauges, not counters: a stage that is rebuilt starts from zero."""


def open_metrics(statuses: Sequence[JobStatus]) -> str:
    """Return the figures of a run, one sample per stage, and dropped documents by reason."""
    return "\n".join([*_lines(statuses), "# EOF", ""])


def write_metrics(path: str, statuses: Sequence[JobStatus], token: str) -> None:
    """Write the metrics whole or not at all, so that a collector never reads half of them."""
    with create(path, token) as stream:
        stream.write(open_metrics(statuses).encode())


def _lines(statuses: Sequence[JobStatus]) -> Iterator[str]:
    for name, (text, value) in GAUGES.items():
        yield f"# TYPE atom_data_{name} gauge"
        yield f"# HELP atom_data_{name} {text}"
        for status in statuses:
            yield f'atom_data_{name}{{stage="{status.name}"}} {value(status)}'  # type: ignore[no-untyped-call]
    yield "# TYPE atom_data_documents_dropped gauge"
    yield "# HELP atom_data_documents_dropped Documents dropped by finished shards."
    for status in statuses:
        for reason, count in sorted(status.dropped.items()):
            yield f'atom_data_documents_dropped{{stage="{status.name}",reason="{_escaped(reason)}"}} {count}'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
