"""What a recipe is made of: sources that are read, jobs that are run, and passes, which are both.

A recipe's `stages()` returns nodes: stages, token passes, passes over the whole corpus. Each knows the sources it is made
of and the jobs that make it; runner, planner, Slurm, Ray and forecast know nothing else of them. `docs/own_sources.md`
shows a source and a pass of your own, and `atom_data.testing` tries the contract on them.
"""

from atom_data.graph.jobs import PassJob as PassJob, ShardJob as ShardJob
from atom_data.graph.names import (
    INNER as INNER,
    check_name as check_name,
    file_stem as file_stem,
    inner as inner,
    stage_of as stage_of,
)
from atom_data.graph.nodes import (
    Job as Job,
    Node as Node,
    Pass as Pass,
    RawSource as RawSource,
    Source as Source,
    in_order as in_order,
    is_stage as is_stage,
    own_jobs as own_jobs,
    passes_behind as passes_behind,
    passes_of as passes_of,
    raw_sources as raw_sources,
    rebuilt as rebuilt,
    reference as reference,
    rows_of as rows_of,
    whole_identity as whole_identity,
)
from atom_data.graph.protocols import RowJob as RowJob, check_source as check_source
from atom_data.graph.steps import check_steps as check_steps
