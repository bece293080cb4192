"""What `check` says of where documents come from: which stages drop their address."""

from collections.abc import Collection

import pyarrow as pa

from atom_data.batch import PROVENANCE
from atom_data.graph import Job, is_stage
from atom_data.stage import Stage


def address_said(job: Job, written: pa.Schema) -> str:
    """Say which columns of provenance a stage drops, where its documents have no address afterwards; else nothing.

    An address is a url, or a file and the offset or row in it.
    """
    if not isinstance(job, Stage) or _has_address(written.names):
        return ""
    before = job.reads.schema().names
    dropped = [name for name in PROVENANCE if name in before and name not in written.names]
    if not _has_address(before):
        return (
            ""
            if is_stage(job.reads)
            else f"{job.name}: no address: its source has neither url nor file with offset or row"
        )
    return (
        f"{job.name}: no address: it drops {', '.join(dropped)}, so that nothing leads from a token to its document's source. "
        "Leave provenance=False out, or write them."
    )


def _has_address(names: Collection[str]) -> bool:
    return "url" in names or ("file" in names and ("offset" in names or "row" in names))
