"""Connected components of documents that share an LSH band: the documents that must be compared together."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from atom_data.dedup.corpus import Corpus, bytes_so_far, finished, part_of, refuse_repeated_ids
from atom_data.graph import Job, PassJob, inner
from atom_data.job import Progress, Task, Work
from atom_data.storage.parquet import Output
from atom_data.storage.paths import join
from atom_data.storage.pieces import create_pieces, hash_places, number_places, read_pieces
from atom_data.storage.shards import Input
from atom_data.text.similarity.union_find import Forest, links
from atom_data.workspace import Workspace

LINKS = pa.schema([("member", pa.int64()), ("head", pa.int64())])
ROOTS = pa.schema([("number", pa.int64()), ("root", pa.int64())])
RECORD_BYTES = 64
"""Memory for a band's hash while its part is grouped."""
_STEP = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Links(PassJob):
    """The job that finds equal bands: a task a range of hashes, and each sees all bands of its range.

    NAME/links/PART.links has a link from every document in a bucket to the bucket's first: a bucket of n documents has
    n - 1 links, however hot. It also refuses ids that repeat. Memory: RECORD_BYTES for each hash of its range.
    """

    corpus: Corpus

    @property
    def name(self) -> str:
        """Its folder."""
        return inner(self.corpus.name, "links")

    def upstream(self) -> tuple[Job, ...]:
        """The measures."""
        return (self.corpus.measures,)

    def check(self) -> pa.Schema:
        """Return what it writes."""
        return LINKS

    def tasks(self, workspace: Workspace) -> tuple[Task, ...]:
        """As many parts as fit the memory."""
        size = sum(
            item.rows
            for receipt in finished(self.corpus.measures, workspace).receipts
            for item in receipt.outputs
            if item.path.endswith(".hashes")
        )
        return self.corpus.tasks(max(size, finished(self.corpus.measures, workspace).count) * RECORD_BYTES)

    def inputs(self, task: Task, workspace: Workspace) -> tuple[Input, ...]:
        """All measures."""
        return (finished(self.corpus.measures, workspace).input,)

    def identity(self) -> dict[str, object]:
        """What is linked."""
        return {"links": self.corpus.measures.name}

    def work(self, task: Task, workspace: Workspace, progress: Progress) -> Work:
        """Group one range of hashes."""
        refuse_repeated_ids(self.corpus.name, self.corpus.measures, workspace, task, progress)
        measures, (first, last) = finished(self.corpus.measures, workspace), part_of(task)
        found = Output(join(self.name, f"{task.name}.links"))
        hashes, numbers = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
        read = 0
        for base, path in measures.outputs(".hashes"):
            for batch in read_pieces(workspace.path(path), first, last):
                own = batch.column("hash").to_numpy()
                places = hash_places(own)
                inside = (places >= first) & (places < last)
                hashes.append(own[inside])
                numbers.append(batch.column("row").to_numpy()[inside].astype(np.int64) + base)
                read += batch.nbytes
                progress(0, read, 0)
        members, heads = links(np.concatenate(hashes), np.concatenate(numbers))
        with create_pieces(workspace.path(found.path), LINKS, workspace.token, found) as pieces:
            for start in range(0, len(members), _STEP):
                some = slice(start, start + _STEP)
                batch = pa.RecordBatch.from_arrays([pa.array(members[some]), pa.array(heads[some])], schema=LINKS)
                pieces.write(batch, number_places(heads[some], measures.count))
        return Work(inputs=[measures.input], outputs=[found], notes={"links": len(members)})


@dataclass(frozen=True, kw_only=True)
class Clusters(PassJob):
    """The job that joins all edges into connected components of documents.

    NAME/clusters/all.roots has, for every document that shares a band with another, the smallest number in its
    component. One task. Memory: five bytes per document of the corpus (nine from 2 ** 32 documents on).
    """

    links: Links

    @property
    def corpus(self) -> Corpus:
        """What is compared."""
        return self.links.corpus

    @property
    def name(self) -> str:
        """Its folder."""
        return inner(self.corpus.name, "clusters")

    @property
    def path(self) -> str:
        """The file of roots, relative to the output folder."""
        return join(self.name, "all.roots")

    def upstream(self) -> tuple[Job, ...]:
        """The links."""
        return (self.links,)

    def check(self) -> pa.Schema:
        """Return what it writes."""
        return ROOTS

    def tasks(self, workspace: Workspace) -> tuple[Task, ...]:
        """One task."""
        return (Task("all", bytes_so_far(self.links, workspace, ".links"), ()),)

    def inputs(self, task: Task, workspace: Workspace) -> tuple[Input, ...]:
        """All links."""
        return finished(self.links, workspace).input, finished(self.corpus.measures, workspace).input

    def identity(self) -> dict[str, object]:
        """What is joined."""
        return {"clusters of": self.links.name}

    def work(self, task: Task, workspace: Workspace, progress: Progress) -> Work:
        """Join all links, then write down the root of every document that has one."""
        count, read, roots = finished(self.corpus.measures, workspace).count, 0, Output(self.path)
        forest = Forest(count)
        for _, path in finished(self.links, workspace).outputs(".links"):
            for batch in read_pieces(workspace.path(path)):
                forest.link(batch.column("member").to_numpy(), batch.column("head").to_numpy())
                read += batch.nbytes
                progress(0, read, 0)
        linked = clusters = 0
        with create_pieces(workspace.path(roots.path), ROOTS, workspace.token, roots) as pieces:
            for start in range(0, count, _STEP):
                numbers, found = forest.roots(start, min(start + _STEP, count))
                batch = pa.RecordBatch.from_arrays([pa.array(numbers), pa.array(found)], schema=ROOTS)
                pieces.write(batch, number_places(numbers, count))
                linked += len(numbers)
                clusters += int((numbers == found).sum())
        notes = {"candidates": linked, "clusters": clusters}
        return Work(inputs=list(self.inputs(task, workspace)), outputs=[roots], notes=notes)


def read_numbers(path: str, count: int, start: int, stop: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file of pieces with `number` from `start` to before `stop`, of `count` in all."""
    if start >= stop:
        return
    first, last = number_places(np.array([start, stop - 1]), count).tolist()
    for batch in read_pieces(path, first, last + 1):
        numbers = batch.column("number").to_numpy()
        yield batch.filter(pa.array((numbers >= start) & (numbers < stop)))
