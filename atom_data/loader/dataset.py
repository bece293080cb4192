"""The same samples for torch: a map-style dataset over global numbers, and a DataLoader with a state that is exact.

The only module that imports torch: `pip install 'atom-data[torch]'`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from atom_data.errors import ConfigError
from atom_data.loader.batches import Turns
from atom_data.loader.samples import Samples, rows, stack

try:
    import torch
    from torch.utils.data import DataLoader, Dataset
except ImportError as error:
    raise ConfigError(
        "atom_data.loader.dataset: torch is not installed. pip install 'atom-data[torch]', or use atom_data.loader.Batches, "
        "which gives the same batches as numpy arrays."
    ) from error

Tensors = dict[str, torch.Tensor]


class TokenDataset(Dataset[Tensors]):
    """Samples by global number: `dataset[number]` gives tensors, ids and positions as int64, `cu_seqlens` as int32.

    It has a length only where the run has: with `stop`. Any sampler of numbers may drive it, for example Megatron's.
    """

    def __init__(self, samples: Samples, stop: int | None = None) -> None:
        """Give `samples` as tensors; `stop` is the number of samples of the whole run, that of `samples` without it.

        ConfigError for more than `samples` has.
        """
        self.samples = samples
        self.stop = samples.end_of_run(stop)

    def __getitem__(self, number: int) -> Tensors:
        """Return one sample."""
        return _tensors(self.samples[int(number)])

    def __getitems__(self, numbers: Sequence[int]) -> list[Tensors]:
        """Return the samples of a batch, read together: what torch's DataLoader calls."""
        batch = self.samples.batch([int(number) for number in numbers])
        return [_tensors(sample) for sample in rows(batch)]

    def __len__(self) -> int:
        """Return the samples of the run. TypeError when it has no end."""
        if self.stop is None:
            raise TypeError("this TokenDataset has no end; give it stop= where a length is needed")
        return self.stop


def collate(samples: Sequence[Tensors], *, flat: bool = False) -> Tensors:
    """Return a batch of samples: rows, or one row of all, and one `cu_seqlens` and `max_seqlen` for the whole batch."""
    arrays = [{name: tensor.numpy() for name, tensor in sample.items()} for sample in samples]
    return _tensors(stack(arrays, flat=flat))


class TokenLoader:
    """Batches of one rank from a plain torch DataLoader, with `state_dict` and `load_state_dict`.

    The state counts batches handed to the trainer, not those that workers have read ahead: nothing is lost or repeated
    at any number of workers, ranks, and any batch size. It is the same on every rank: save it once.

    One iterator is live at a time: loading a state, or beginning another one, ends it, and it says so when asked for more.
    """

    def __init__(
        self,
        dataset: TokenDataset,
        *,
        batch_size: int,
        rank: int = 0,
        world: int = 1,
        num_workers: int = 0,
        prefetch_factor: int | None = None,
        pin_memory: bool = False,
        multiprocessing_context: str | None = None,
        skip: Sequence[tuple[int, int]] = (),
        flat: bool = False,
    ) -> None:
        """Load for one rank; `batch_size` is that of the rank, the next four are those of torch's DataLoader.

        `skip` are ranges [start, stop) of sample numbers that no rank shall read: all ranks must be given the same.
        The state keeps them until the run is past them. `flat` gives all tokens of a batch in one row, for variable-length
        attention.
        """
        self.dataset = dataset
        self._turns = Turns(batch_size, rank, world, dataset.stop, skip)
        self._batches = _Batches(dataset.samples, flat)
        self._options: dict[str, Any] = {
            "num_workers": num_workers,
            "prefetch_factor": prefetch_factor,
            "pin_memory": pin_memory,
            "multiprocessing_context": multiprocessing_context,
        }

    def __iter__(self) -> Iterator[Tensors]:
        """Yield batches from the current position."""
        walk = self._turns.begin()
        batches: DataLoader[Tensors] = DataLoader(
            self._batches, batch_sampler=_Sampler(self._turns), collate_fn=_whole, **self._options
        )
        for batch in batches:
            self._turns.advance(walk)
            yield batch
        self._turns.require(walk)

    def __len__(self) -> int:
        """Return the batches of this rank in the whole run, those before a resume included. TypeError when it has no end."""
        return self._turns.steps(len(self.dataset))

    def state_dict(self) -> dict[str, Any]:
        """Return the state after the last batch."""
        return {**self.dataset.samples.state(self._turns.consumed), **self._turns.state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on after a state; iterate anew afterwards. ConfigError when it is of another run."""
        self._turns.resume(self.dataset.samples.resume(state), state)


class _Batches(Dataset[Any]):
    """What DataLoader asks for a whole batch, which is read as one."""

    def __init__(self, samples: Samples, flat: bool) -> None:
        self.samples, self.flat = samples, flat

    def __getitems__(self, numbers: Sequence[int]) -> Mapping[str, Any]:
        return self.samples.batch(numbers, flat=self.flat)


class _Sampler:
    """What DataLoader asks for the numbers of every batch."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    def __iter__(self) -> Iterator[list[int]]:
        return self._turns.from_here()


def _whole(batch: Any) -> Tensors:  # noqa: ANN401 - torch takes it for a list of samples
    return _tensors(batch)


def _tensors(sample: Mapping[str, Any]) -> Tensors:
    wide = {
        name: array if name in ("cu_seqlens", "max_seqlen", "source") else array.astype(np.int64, copy=False)
        for name, array in sample.items()
    }
    return {name: torch.from_numpy(np.asarray(array)) for name, array in wide.items()}
