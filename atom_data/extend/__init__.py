"""What you write a source or a pass with: `docs/own_sources.md` shows both, `atom_data.testing` tries them."""

from typing import TYPE_CHECKING

from atom_data.lazy import lazy_names

if TYPE_CHECKING:
    from atom_data.extend.jobs import AllShards as AllShards
    from atom_data.extend.jobs import EachShard as EachShard
    from atom_data.extend.names import Input as Input
    from atom_data.extend.names import Intake as Intake
    from atom_data.extend.names import Job as Job
    from atom_data.extend.names import Pass as Pass
    from atom_data.extend.names import PassJob as PassJob
    from atom_data.extend.names import Progress as Progress
    from atom_data.extend.names import RawSource as RawSource
    from atom_data.extend.names import Shard as Shard
    from atom_data.extend.names import Source as Source
    from atom_data.extend.names import Table as Table
    from atom_data.extend.names import Task as Task
    from atom_data.extend.names import Work as Work
    from atom_data.extend.names import Workspace as Workspace
    from atom_data.extend.names import describe as describe
    from atom_data.extend.names import inner as inner
    from atom_data.extend.names import with_columns as with_columns
    from atom_data.extend.reading import batches as batches
    from atom_data.extend.reading import file_now as file_now
    from atom_data.extend.reading import file_read as file_read
    from atom_data.extend.reading import files as files

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {
        "reading": "batches file_now file_read files",
        "jobs": "AllShards EachShard",
        "names": "Input Intake Job Pass PassJob Progress RawSource Shard Source Table Task Work Workspace describe inner "
        "with_columns",
    },
)
