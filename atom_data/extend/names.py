"""The names of other rooms that a source or a pass needs, in one place."""

from atom_data.batch import with_columns as with_columns
from atom_data.graph import Job as Job
from atom_data.graph import Pass as Pass
from atom_data.graph import PassJob as PassJob
from atom_data.graph import RawSource as RawSource
from atom_data.graph import Source as Source
from atom_data.graph import inner as inner
from atom_data.identity import describe as describe
from atom_data.job import Progress as Progress
from atom_data.job import Table as Table
from atom_data.job import Task as Task
from atom_data.job import Work as Work
from atom_data.storage.shards import Input as Input
from atom_data.storage.shards import Intake as Intake
from atom_data.storage.shards import Shard as Shard
from atom_data.workspace import Workspace as Workspace
