"""Samples of a packing: against the plainest reading of plan and tokens, resumed, traced, mixed, and refused."""

import itertools
import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from atom_data.audit.training_run import TrainingRun
from atom_data.errors import ConfigError, DataError
from atom_data.loader import Batches, PackedShards, Samples, TokenShards, open_mix
from atom_data.tokens.megatron import read_pair
from atom_data.tokens.pack import pack_folder
from tests.command import atom_data
from tests.tokens.corpus import rows, token_run

LENGTH = 32
EOS = 0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A tokens folder of several shards, with documents longer than a sample, and its packing."""
    folder = tmp_path_factory.mktemp("run")
    token_run(folder, {f"s{i}": rows(60, f"s{i}-") for i in range(3)}, target_tokens=300)
    pack_folder(str(folder / "out" / "tokens"), str(folder / "packed"), LENGTH)
    return str(folder / "out" / "tokens"), str(folder / "packed")


@pytest.fixture(scope="module")
def packed(made: tuple[str, str]) -> PackedShards:
    return PackedShards(made[0], packing=made[1], check_content=True)


def plainly(made: tuple[str, str]) -> list[tuple[list[int], list[int], list[int]]]:
    """Return ids, labels and lengths of the parts of every sample, token by token from the .bin and the .idx."""
    found = []
    for path in sorted(Path(made[0]).glob("*.bin")):
        ids = np.fromfile(path, "<u2").tolist()
        index = read_pair(str(path.with_suffix("")))
        ends = set((index.starts + index.lengths).tolist())
        plan = np.fromfile(Path(made[1]) / f"{path.stem}.pack", "<i8").tolist()
        samples = json.loads((Path(made[1]) / "packing.json").read_text())["shards"]
        count = next(one["samples"] for one in samples if one["name"] == path.stem)
        pieces = [(plan[at], plan[at + 1]) for at in range(count + 1, len(plan), 2)]
        for sample in range(count):
            inputs, labels, parts = [], [], []
            for start, size in pieces[plan[sample] : plan[sample + 1]]:
                inputs += ids[start : start + size]
                labels += [-100 if at + 1 in ends else ids[at + 1] for at in range(start, start + size)]
                parts.append(size)
            rest = LENGTH - len(inputs)
            found.append((inputs + [EOS] * rest, labels + [-100] * rest, parts + [rest] * bool(rest)))
    return found


def test_packed_samples_are_the_pieces_of_the_plan(made: tuple[str, str], packed: PackedShards) -> None:
    expected = plainly(made)
    assert len(packed) == len(expected) > 50
    for number, (inputs, labels, parts) in enumerate(expected):
        ids, following = np.zeros(LENGTH, np.uint32), np.zeros(LENGTH, np.int64)
        bounds = packed.fill(number, ids, following)
        assert ids.tolist() == inputs
        assert following.tolist() == labels
        assert np.diff(bounds).tolist() == parts
    assert any(-100 not in labels for _, labels, _ in expected), "a piece inside a long document"


def test_packed_epoch_holds_every_token_once(made: tuple[str, str], packed: PackedShards) -> None:
    samples = Samples(packed, seed=7)
    seen: dict[str, list[tuple[int, int]]] = {}
    for number in range(len(packed)):
        address = samples.address(number)
        seen.setdefault(address.shard, []).extend(address.spans)
    for shard in packed.shards:
        spans = sorted(seen[shard["name"]])
        assert spans[0][0] == 0 and spans[-1][1] == shard["tokens"]
        assert all(before[1] == after[0] for before, after in itertools.pairwise(spans))


def test_packed_batches_resume_at_another_world(packed: PackedShards) -> None:
    samples = Samples(packed, seed=7)
    expected = [samples[number] for number in range(24)]
    first = [Batches(samples, batch_size=2, rank=rank, world=3) for rank in range(3)]
    given = [next(iter(one)) for one in first]
    later = [Batches(samples, batch_size=9, rank=rank, world=2) for rank in range(2)]
    for one in later:
        one.resume(first[0].state())
    given += [next(iter(one)) for one in later]
    rows_ = [row for batch in given for row in batch["input_ids"]]
    labels = [row for batch in given for row in batch["labels"]]
    assert [row.tolist() for row in rows_] == [sample["input_ids"].tolist() for sample in expected]
    assert [row.tolist() for row in labels] == [sample["labels"].tolist() for sample in expected]
    assert len(json.dumps(first[0].state())) < 200


def test_packed_positions_begin_anew_in_every_document(packed: PackedShards) -> None:
    sample = Samples(packed, seed=7)[3]
    expected = [place for count in np.diff(sample["cu_seqlens"]) for place in range(count)]
    assert sample["position_ids"].tolist() == expected and len(expected) == LENGTH


def test_packed_trace_leads_to_documents_and_back(packed: PackedShards) -> None:
    samples = Samples(packed, seed=7)
    run = TrainingRun(samples)
    for number in (0, 5, 11):
        for row in samples.documents(number):
            name, shard, found = run.find(row["id"])
            reads = [read for read in run.reads(name, shard, found) if read.sample == number]
            here = [(read.start + found["first_token"], read.stop + found["first_token"]) for read in reads]
            assert (row["first_here"], row["stop_here"]) in here


def test_packed_state_is_not_one_of_windows(made: tuple[str, str], packed: PackedShards) -> None:
    windows = Samples(TokenShards(made[0], sequence_length=LENGTH), seed=7)
    with pytest.raises(ConfigError, match=r"data is .* The tokens are not those that the run has read"):
        Samples(packed, seed=7).resume(windows.state(4))


def test_packed_shards_travel_to_another_process(packed: PackedShards) -> None:
    other = pickle.loads(pickle.dumps(packed))
    assert Samples(other)[9]["labels"].tolist() == Samples(packed)[9]["labels"].tolist()


def test_mix_of_packed_and_windows(made: tuple[str, str], tmp_path: Path) -> None:
    mix = tmp_path / "mix.toml"
    text = f"""
        sequence_length = {{length}}
        block = 64
        [sources.packed]
        tokens = "{made[0]}"
        packing = "{made[1]}"
        [sources.windows]
        tokens = "{made[0]}"
        [[stages]]
        weights = {{{{ packed = 0.5, windows = 0.5 }}}}
    """
    mix.write_text(text.format(length=LENGTH))
    samples = open_mix(str(mix))
    kinds = {samples.order(number).source: samples[number]["labels"].dtype for number in range(64)}
    assert kinds == {"packed": np.int64, "windows": np.uint32}
    batch = next(iter(Batches(samples, batch_size=16)))
    assert batch["labels"].dtype == np.int64 and batch["labels"].min() == -100
    done = atom_data("trace", mix, "--sample", 3)
    assert done.returncode == 0 and "document" in done.stdout, done.stderr
    done = atom_data("mix", "plan", mix)
    assert done.returncode == 0 and "packed" in done.stdout, done.stderr
    mix.write_text(text.format(length=64))
    done = atom_data("mix", "plan", mix)
    assert done.returncode == 2 and "has samples of 32 tokens, the mix of 64. Pack with --length 64." in done.stderr


def test_packing_that_does_not_fit_is_refused(made: tuple[str, str], tmp_path: Path) -> None:
    copied = tmp_path / "packed"
    shutil.copytree(made[1], copied)
    with pytest.raises(DataError, match=r"packing.json: there is no packing here. Make it with atom-data pack"):
        PackedShards(made[0], packing=str(tmp_path / "none"))
    plan = min(copied.glob("*.pack"))
    whole = plan.read_bytes()
    plan.write_bytes(whole[:-8])
    with pytest.raises(DataError, match=rf"{plan.name}: .* bytes; packing.json says .* cut or changed: pack again"):
        PackedShards(made[0], packing=str(copied))
    plan.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    with pytest.raises(DataError, match=rf"{plan.name}: its content is not what packing.json says"):
        PackedShards(made[0], packing=str(copied), check_content=True)
    token_run(tmp_path, {"other": rows(50, "other")})
    with pytest.raises(DataError, match="is a packing of other tokens"):
        PackedShards(str(tmp_path / "out" / "tokens"), packing=made[1])
