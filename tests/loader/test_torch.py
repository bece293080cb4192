"""The torch side: the same batches as numpy's, and an exact state with workers that read ahead."""

import pickle
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
