"""Batches for one rank, as numpy arrays: the order split over ranks, and resumed at any number of them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from atom_data.errors import ConfigError
from atom_data.loader.samples import Sample, Samples

AHEAD = 1024
"""Samples whose places are found together."""


class Turns:
    """The sample numbers of every batch of one rank, from `consumed` on.

    A step of all ranks together takes the next `batch_size` * `world` samples of the order; rank r has the r-th part.
    So batch size and world may change at every resume: what the ranks together read stays one unbroken sequence.
    Ranges that are skipped are left out of it, and all that follows moves up: the numbers themselves stay as they are.
    """

    def __init__(
        self,
        batch_size: int,
        rank: int = 0,
        world: int = 1,
        samples: int | None = None,
        skip: Sequence[tuple[int, int]] = (),
    ) -> None:
        """Take the samples of a batch of one rank, the last sample of the run, if there is one, and ranges to skip."""
        if batch_size < 1 or not 0 <= rank < world:
            raise ConfigError(
                f"loader: batch_size {batch_size}, rank {rank} of {world}. "
                "Give a batch_size above 0, and a rank from 0 to below world."
            )
        self.batch_size, self.rank, self.world, self.samples = batch_size, rank, world, samples
        self.consumed = 0
        self.skip = _merged(skip)
        self._walks = 0

    @property
    def step(self) -> int:
        """Samples of one step of all ranks together."""
        return self.batch_size * self.world

    def from_here(self) -> Iterator[list[int]]:
        """Yield the numbers of batch after batch from `consumed` on, without changing it; the last step is a whole one."""
        consumed = self.consumed
        while self.samples is None or self._after(consumed) <= self.samples:
            first = self.rank * self.batch_size
            yield [self._ahead(consumed, place) for place in range(first, first + self.batch_size)]
            consumed = self._after(consumed)

    def steps(self, samples: int) -> int:
        """Return the number of whole steps in a run of this many samples, without those that are skipped."""
        skipped = sum(max(0, min(stop, samples) - start) for start, stop in self.skip)
        return (samples - skipped) // self.step

    def at(self, step: int) -> list[int]:
        """Return the numbers of this rank's batch of a step, where nothing changed or was skipped since the start."""
        first = step * self.step + self.rank * self.batch_size
        return list(range(first, first + self.batch_size))

    def turn(self, number: int) -> tuple[int, int]:
        """Return step and rank that read a sample, where nothing changed or was skipped since the start."""
        step, place = divmod(number, self.step)
        return step, place // self.batch_size

    def begin(self) -> int:
        """Return the number of a new walk over the batches; it ends the walk before."""
        self._walks += 1
        return self._walks

    def advance(self, walk: int) -> None:
        """Count the next step of a walk as consumed, with the ranges skipped before its last sample."""
        self.require(walk)
        self.consumed = self._after(self.consumed)

    def require(self, walk: int) -> None:
        """Raise ConfigError when a walk is over: its samples are not those that come next."""
        if walk != self._walks:
            raise ConfigError(
                "loader: this iterator is over, because a state was loaded or another iterator was started since; its batches are "
                "not those that come next. Iterate anew: for batch in loader."
            )

    def state(self) -> dict[str, Any]:
        """Return what a state says of skipped ranges: those that the run is not past, if there are any."""
        ahead = [list(one) for one in self.skip if one[1] > self.consumed]
        return {"skip": ahead} if ahead else {}

    def resume(self, consumed: int, state: Mapping[str, Any]) -> None:
        """Go on from a sample, with the ranges that the state skips beside those given here."""
        skip = _merged([*self.skip, *state.get("skip", ())])
        self.consumed, self.skip = consumed, skip
        self.begin()

    def _after(self, consumed: int) -> int:
        return self._ahead(consumed, self.step - 1) + 1

    def _ahead(self, number: int, count: int) -> int:
        """Return the number that `count` samples stand before, of those from `number` on that are not skipped."""
        for start, stop in self.skip:
            if stop <= number:
                continue
            if number + count < start:
                break
            count -= max(start - number, 0)
            number = stop
        return number + count


class Batches:
    """An endless iterator of numpy batches, or one that ends with the last whole step before `stop` samples.

    One iterator is live at a time: loading a state, or beginning another one, ends it, and it says so when asked for more.
    """

    def __init__(
        self,
        samples: Samples,
        *,
        batch_size: int,
        rank: int = 0,
        world: int = 1,
        stop: int | None = None,
        skip: Sequence[tuple[int, int]] = (),
        flat: bool = False,
    ) -> None:
        """Read `samples` for one rank; `batch_size` is that of the rank. ConfigError for an invalid rank.

        Without `stop` the run ends where `samples` does, if it does; ConfigError for a `stop` beyond that.
        `skip` are ranges [start, stop) of sample numbers that no rank shall read: all ranks must be given the same.
        The state keeps them until the run is past them. `flat` gives all tokens of a batch in one row, for variable-length
        attention.
        """
        self.samples, self.flat = samples, flat
        self._turns = Turns(batch_size, rank, world, samples.end_of_run(stop), skip)

    @property
    def consumed(self) -> int:
        """The next sample number: all before it were given to some rank, or skipped."""
        return self._turns.consumed

    def __iter__(self) -> Iterator[Sample]:
        """Yield batches from the current position; batches that were given count as consumed, also when iterated again."""
        walk, turns = self._turns.begin(), self._turns.from_here()
        while ahead := list(islice(turns, -(-AHEAD // self._turns.batch_size))):
            places = iter(self.samples.order.many([number for numbers in ahead for number in numbers]))
            for numbers in ahead:
                batch = self.samples.batch(numbers, list(islice(places, len(numbers))), flat=self.flat)
                self._turns.advance(walk)
                yield batch
        self._turns.require(walk)

    def state(self) -> dict[str, Any]:
        """Return the state after the last batch: plain values, the same on every rank."""
        return {**self.samples.state(self.consumed), **self._turns.state()}

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on after a state, of any number of ranks and any batch size. ConfigError when it is of another run."""
        self._turns.resume(self.samples.resume(state), state)


def _merged(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return ranges in order, those that touch as one. ConfigError for what is none."""
    merged: list[tuple[int, int]] = []
    try:
        given = sorted((int(start), int(stop)) for start, stop in ranges)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"loader: skip is {ranges!r}. Give a list of pairs: first sample, and the one after."
        ) from error
    for start, stop in given:
        if not 0 <= start < stop:
            raise ConfigError(f"loader: skip from sample {start} to {stop}. Give start and stop, start from 0 up.")
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(stop, merged[-1][1])
        else:
            merged.append((start, stop))
    return merged
