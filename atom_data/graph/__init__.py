"""What a recipe is made of: sources that are read, jobs that are run, and passes, which are both.

A recipe's `stages()` returns nodes: stages, token passes, passes over the whole corpus. Each knows the sources it is made
of and the jobs that make it; runner, planner, Slurm, Ray and forecast know nothing else of them. `docs/own_sources.md`
shows a source and a pass of your own, and `atom_data.testing` tries the contract on them.
"""

from atom_data.graph.jobs import PassJob as PassJob
from atom_data.graph.jobs import ShardJob as ShardJob
from atom_data.graph.names import INNER as INNER
from atom_data.graph.names import check_name as check_name
from atom_data.graph.names import file_stem as file_stem
from atom_data.graph.names import inner as inner
from atom_data.graph.names import stage_of as stage_of
from atom_data.graph.nodes import Job as Job
from atom_data.graph.nodes import Node as Node
from atom_data.graph.nodes import Pass as Pass
from atom_data.graph.nodes import RawSource as RawSource
from atom_data.graph.nodes import Source as Source
from atom_data.graph.nodes import in_order as in_order
from atom_data.graph.nodes import is_stage as is_stage
from atom_data.graph.nodes import own_jobs as own_jobs
from atom_data.graph.nodes import passes_behind as passes_behind
from atom_data.graph.nodes import passes_of as passes_of
from atom_data.graph.nodes import raw_sources as raw_sources
from atom_data.graph.nodes import rebuilt as rebuilt
from atom_data.graph.nodes import reference as reference
from atom_data.graph.nodes import rows_of as rows_of
from atom_data.graph.nodes import whole_identity as whole_identity
from atom_data.graph.protocols import RowJob as RowJob
from atom_data.graph.protocols import check_source as check_source
from atom_data.graph.steps import check_steps as check_steps
