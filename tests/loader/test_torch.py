"""The torch side: the same batches as numpy's, and an exact state with workers that read ahead."""

import pickle
import random
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from atom_data.loader import Batches, Samples, TokenShards  # noqa: E402
from atom_data.loader.dataset import TokenDataset, TokenLoader, collate  # noqa: E402
from tests.tokens.corpus import rows, token_run  # noqa: E402

LENGTH = 32


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    folder = tmp_path_factory.mktemp("run")
    token_run(folder, {f"s{i}": rows(40, f"s{i}-") for i in range(3)}, target_tokens=300)
    return Samples(TokenShards(str(folder / "out" / "tokens"), sequence_length=LENGTH), seed=1)


def same(tensors: dict[str, torch.Tensor], arrays: dict[str, np.ndarray]) -> bool:
    return list(tensors) == list(arrays) and all(np.array_equal(tensors[name].numpy(), arrays[name]) for name in arrays)


def test_dataset_gives_the_samples_as_tensors(samples: Samples) -> None:
    dataset = TokenDataset(samples)
    for number in (0, 7, 1_000_000):
        assert same(dataset[number], samples[number])
    kinds = {name: tensor.dtype for name, tensor in dataset[0].items()}
    assert {kinds[name] for name in ("input_ids", "labels", "position_ids", "sample")} == {torch.int64}
    assert kinds["cu_seqlens"] == torch.int32


def test_dataset_has_a_length_where_the_run_has(samples: Samples) -> None:
    assert len(TokenDataset(samples, stop=12)) == 12
    with pytest.raises(TypeError, match="has no end"):
        len(TokenDataset(samples))


def test_dataset_is_an_ordinary_map_style_dataset(samples: Samples) -> None:
    dataset = TokenDataset(samples, stop=10)
    loader = torch.utils.data.DataLoader(dataset, batch_size=5, shuffle=False, collate_fn=collate)
    assert isinstance(dataset, torch.utils.data.Dataset)
    assert [batch["sample"].tolist() for batch in loader] == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]


@pytest.mark.parametrize("workers", [0, 2])
def test_loader_equals_the_numpy_batches(samples: Samples, workers: int) -> None:
    loader = TokenLoader(TokenDataset(samples), batch_size=3, rank=1, world=2, num_workers=workers)
    batches = Batches(samples, batch_size=3, rank=1, world=2)
    for tensors, arrays in zip(islice(loader, 5), islice(batches, 5), strict=True):
        assert same(tensors, arrays)
    assert loader.state_dict() == batches.state()


def test_loader_workers_that_read_ahead_are_resumed_exactly(samples: Samples) -> None:
    def loader(workers: int, batch_size: int = 2) -> TokenLoader:
        ahead = 4 if workers else None
        return TokenLoader(TokenDataset(samples), batch_size=batch_size, num_workers=workers, prefetch_factor=ahead)

    seen: list[int] = []
    state = loader(0).state_dict()
    for workers, batch_size, steps in ((2, 2, 3), (2, 2, 1), (0, 3, 2), (1, 1, 4), (2, 4, 2)):
        resumed = loader(workers, batch_size)
        resumed.load_state_dict(state)
        for step, batch in enumerate(islice(resumed, steps), 1):
            seen += batch["sample"].tolist()
            assert resumed.state_dict()["consumed"] == state["consumed"] + step * batch_size
        state = resumed.state_dict()
    assert seen == list(range(len(seen)))
    assert len(seen) == 6 + 2 + 6 + 4 + 8


def test_loader_state_goes_between_torch_and_numpy(samples: Samples) -> None:
    loader = TokenLoader(TokenDataset(samples), batch_size=4)
    next(iter(loader))
    batches = Batches(samples, batch_size=1)
    batches.resume(loader.state_dict())
    assert next(iter(batches))["sample"].tolist() == [4]


def test_loader_ends_where_the_run_ends(samples: Samples) -> None:
    loader = TokenLoader(TokenDataset(samples, stop=11), batch_size=2, rank=1, world=2, num_workers=1)
    assert [batch["sample"].tolist() for batch in loader] == [[2, 3], [6, 7]]
    assert loader.state_dict()["consumed"] == 8


@pytest.mark.parametrize("skip", [[], [(3, 9)], [(0, 1), (40, 60)]])
def test_loader_has_the_length_of_what_it_yields(samples: Samples, skip: list[tuple[int, int]]) -> None:
    loader = TokenLoader(TokenDataset(samples, stop=47), batch_size=2, rank=1, world=3, skip=skip)
    length = len(loader)
    assert length == len(list(loader)) == len(loader), "also after it was read"
    with pytest.raises(TypeError, match="has no end"):
        len(TokenLoader(TokenDataset(samples), batch_size=2))


def test_dataset_travels_to_workers_that_are_not_forked(samples: Samples) -> None:
    dataset = pickle.loads(pickle.dumps(TokenDataset(samples)))
    assert same(dataset[5], samples[5])


def test_import_without_torch_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('no torch here')\n")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import atom_data.loader\n"
        "assert 'torch' not in sys.modules\n"
        "import atom_data.loader.dataset\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert (
        "ConfigError: atom_data.loader.dataset: torch is not installed. pip install 'atom-data[torch]'" in done.stderr
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_loader_elastic_replay_with_kills_and_prefetch_in_flight(samples: Samples, seed: int) -> None:
    """8 -> 6 -> 3 -> 16 ranks, each killed at a random step while its workers have read ahead."""
    chance = random.Random(seed)
    state, seen = TokenLoader(TokenDataset(samples), batch_size=1).state_dict(), list[int]()
    for world in (8, 6, 3, 16):
        batch_size, steps = chance.randint(1, 3), chance.randint(1, 4)
        ahead = set(chance.sample(range(world), 2))  # ranks with workers; the others read by themselves
        loaders = [
            TokenLoader(
                TokenDataset(samples),
                batch_size=batch_size,
                rank=rank,
                world=world,
                num_workers=2 if rank in ahead else 0,
                prefetch_factor=3 if rank in ahead else None,
            )
            for rank in range(world)
        ]
        for loader in loaders:
            loader.load_state_dict(state)
        streams = [iter(loader) for loader in loaders]
        for _ in range(steps):
            for stream in streams:
                batch = next(stream)
                seen += batch["sample"].tolist()
                for row, number in zip(batch["input_ids"], batch["sample"].tolist(), strict=True):
                    assert np.array_equal(row.numpy(), samples[number]["input_ids"])
        states = [loader.state_dict() for loader in loaders]
        assert all(other == states[0] for other in states)
        state = states[0]
        del streams
    assert seen == list(range(len(seen)))


def test_loader_flat_and_skip(samples: Samples) -> None:
    loader = TokenLoader(TokenDataset(samples, stop=12), batch_size=2, skip=[(2, 5)], flat=True)
    found = list(loader)
    assert [batch["sample"].tolist() for batch in found] == [[0, 1], [5, 6], [7, 8], [9, 10]]
    assert all(batch["input_ids"].shape == (2 * LENGTH,) for batch in found)
