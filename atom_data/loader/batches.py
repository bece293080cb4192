"""Batches for one rank, as numpy arrays: the order split over ranks, and resumed at any number of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from atom_data.errors import ConfigError
from atom_data.loader.samples import Sample, Samples, stack


class Turns:
    """Whose turn it is: the sample numbers of every batch of one rank, from `consumed` on.

    A step of all ranks together takes the next `batch_size` * `world` samples of the order; rank r has the r-th part.
    So batch size and world may change at every resume: what the ranks together read stays one unbroken sequence.
    """

    def __init__(self, batch_size: int, rank: int = 0, world: int = 1, samples: int | None = None) -> None:
        """Take the samples of a batch of one rank, and the last sample of the run, if there is one."""
        if batch_size < 1 or not 0 <= rank < world:
            raise ConfigError(
                f"loader: batch_size {batch_size}, rank {rank} of {world}. "
                "Give a batch_size above 0, and a rank from 0 to below world."
            )
        self.batch_size, self.rank, self.world, self.samples = batch_size, rank, world, samples
        self.consumed = 0

    @property
    def step(self) -> int:
        """Samples of one step of all ranks together."""
        return self.batch_size * self.world

    def from_here(self) -> Iterator[list[int]]:
        """Yield the numbers of batch after batch from `consumed` on, without changing it; the last step is a whole one."""
        consumed = self.consumed
        while self.samples is None or consumed + self.step <= self.samples:
            first = consumed + self.rank * self.batch_size
            yield list(range(first, first + self.batch_size))
            consumed += self.step


class Batches:
    """An endless iterator of numpy batches, or one that ends with the last whole step before `stop` samples."""

    def __init__(
        self, samples: Samples, *, batch_size: int, rank: int = 0, world: int = 1, stop: int | None = None
    ) -> None:
        """Read `samples` for one rank; `batch_size` is that of the rank. ConfigError for a rank that cannot be."""
        self.samples = samples
        self._turns = Turns(batch_size, rank, world, stop)

    @property
    def consumed(self) -> int:
        """Samples that all ranks together have been given."""
        return self._turns.consumed

    def __iter__(self) -> Iterator[Sample]:
        """Yield batches from where it stands; what was given counts as consumed, also when iterated again."""
        for numbers in self._turns.from_here():
            batch = stack([self.samples[number] for number in numbers])
            self._turns.consumed += self._turns.step
            yield batch

    def state(self) -> dict[str, int | str]:
        """Return the state after the batch last given: plain values, the same on every rank."""
        return self.samples.state(self.consumed)

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on after a state, of any number of ranks and any batch size. ConfigError when it is of another run."""
        self._turns.consumed = self.samples.resume(state)
