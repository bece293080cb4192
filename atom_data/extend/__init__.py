"""What you write a source or a pass with: `docs/own_sources.md` shows both, `atom_data.testing` tries them."""

from typing import TYPE_CHECKING

from atom_data.lazy import lazy_names

if TYPE_CHECKING:
    from atom_data.extend.jobs import AllShards as AllShards, EachShard as EachShard
    from atom_data.extend.names import (
        Input as Input,
        Intake as Intake,
        Job as Job,
        Pass as Pass,
        PassJob as PassJob,
        Progress as Progress,
        RawSource as RawSource,
        Shard as Shard,
        Source as Source,
        Table as Table,
        Task as Task,
        Work as Work,
        Workspace as Workspace,
        describe as describe,
        inner as inner,
        with_columns as with_columns,
    )
    from atom_data.extend.reading import (
        batches as batches,
        file_now as file_now,
        file_read as file_read,
        files as files,
    )

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {
        "reading": "batches file_now file_read files",
        "jobs": "AllShards EachShard",
        "names": "Input Intake Job Pass PassJob Progress RawSource Shard Source Table Task Work Workspace describe inner "
        "with_columns",
    },
)
