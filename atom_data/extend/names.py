"""The names of other rooms that a source or a pass needs, in one place."""

from atom_data.batch import with_columns as with_columns
from atom_data.graph import (
    Job as Job,
    Pass as Pass,
    PassJob as PassJob,
    RawSource as RawSource,
    Source as Source,
    inner as inner,
)
from atom_data.identity import describe as describe
from atom_data.job import Progress as Progress, Table as Table, Task as Task, Work as Work
from atom_data.storage.shards import Input as Input, Intake as Intake, Shard as Shard
from atom_data.workspace import Workspace as Workspace
