"""What is known of a corpus, as one frozen object: every paper takes its numbers from here, and from nowhere else."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Tally:
    """How much of the corpus has a value: a language, a domain, a license."""

    name: str
    """The value; empty where the column is null."""
    documents: int
    text_bytes: int
    tokens: int | None = None
    """By the first token stage; None where it keeps no such column."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a stage, as the plan of the stage names it."""

    name: str
    """`CheckUrl`, or `card gopher_quality`."""
    sha256: str = ""
    """Of a card's content."""


@dataclass(frozen=True, slots=True)
class StageFacts:
    """A stage of documents or tokens, summed over its receipts."""

    name: str
    reads: tuple[str, ...]
    """Stages that it reads; none for one that reads files."""
    steps: tuple[Step, ...]
    shards: int
    rows_in: int
    rows_out: int
    dropped: Mapping[str, int]
    unreadable: Mapping[str, int]
    skipped: Mapping[str, int]
    text_bytes: int
    tokens: int
    inputs: int
    """Different files that it read, by their hashes."""
    input_bytes: int
    failed: int = 0
    """Shards that could not be made, and that the run was allowed to go on without."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """A shard of documents that is published, or withheld."""

    stage: str
    name: str
    """Of the file, without its folder."""
    path: str
    """Below the output folder of the run."""
    bytes: int
    sha256: str
    rows: int
    withheld: bool = False
    """Whether a document of a hidden source is in it: such a file is not published."""


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """A token stage."""

    stage: str
    documents: int
    tokens: int
    tokenizer: str
    """SHA-256 of the tokenizer's files."""
    tokenizer_file: str
    vocabulary: int


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """A source of documents: what of it is in the corpus."""

    name: str
    documents: int
    text_bytes: int
    tokens: int | None
    languages: tuple[Tally, ...] | None
    months: tuple[str, str] | None
    """First and last month of collection, `YYYY-MM`; None where no date is known."""
    domains: int | None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """The domains of the pages, largest first by bytes of text."""

    count: int
    """Of all different domains that are counted."""
    documents: int
    """With a domain, hidden sources aside."""
    text_bytes: int
    of: str
    """`crawled`: of the sources that were crawled by or for the provider; `all`: of all that are not hidden."""
    required: int
    """How many the template asks for: the top 10 %, or for a small company the top 5 % and no more than 1,000."""
    largest: tuple[Tally, ...]
    """The required ones, but no more than LISTED."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A model, list or card that decided something, by its hash."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Takedowns:
    """What was taken out of the corpus after it was made."""

    count: int
    documents: int
    listed: int
    """Entries of the removal list, as keyed hashes."""
    dropped: int
    """Documents that the list kept out when the corpus was made."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it. None says that a corpus does not have the column, so that nothing was measured."""

    root: str
    """The Merkle root of the run, as `atom-data fingerprint` prints it."""
    stages: tuple[StageFacts, ...]
    configs: tuple[str, ...]
    """The stages whose documents are published: the last ones."""
    columns: Mapping[str, tuple[tuple[str, str], ...]]
    """Name and type of each column, by config."""
    files: tuple[DataFile, ...]
    documents: int
    text_bytes: int
    tokens: tuple[TokenFacts, ...]
    languages: tuple[Tally, ...] | None
    sources: tuple[SourceFacts, ...]
    domains: DomainFacts | None
    tlds: tuple[Tally, ...] | None
    months: tuple[str, str] | None
    dated: int
    """Documents with a date."""
    kinds: tuple[Tally, ...] | None
    licenses: tuple[Tally, ...] | None
    consent: tuple[Tally, ...] | None
    contaminated: tuple[Tally, ...] | None
    private: Mapping[str, int] | None
    """Private things that were replaced, by kind."""
    has_urls: bool
    tools: tuple[Tool, ...]
    libraries: Mapping[str, str]
    version: str
    """Of atom-data."""
    takedowns: Takedowns
    origins: Mapping[str, str] = field(default_factory=dict)
    """Where each of the above is from, in words."""

    @property
    def published(self) -> tuple[DataFile, ...]:
        """The files that are not withheld."""
        return tuple(item for item in self.files if not item.withheld)

    @property
    def hidden(self) -> tuple[SourceFacts, ...]:
        """The sources that are not named in any paper."""
        return tuple(item for item in self.sources if item.hidden)

    @property
    def token_count(self) -> int | None:
        """Tokens of the first token stage; None where the run has none."""
        return self.tokens[0].tokens if self.tokens else None

    @property
    def read_in(self) -> int:
        """Documents that the stages which read files took in."""
        return sum(stage.rows_in for stage in self.stages if not stage.reads)

    def value(self) -> dict[str, Any]:
        """Return all of it as plain JSON values; hidden sources and withheld files without what names them."""
        page = asdict(self)
        page["files"] = [asdict(item) for item in self.published]
        number = 0
        for source in page["sources"]:
            number += source["hidden"]
            if source["hidden"]:
                source.update(name=f"hidden source {number}", languages=None, domains=None)
        return page
