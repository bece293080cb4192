"""Batches of any rank: what is in them, and resuming at any number of ranks, again and again."""

import json
import random
from itertools import islice
from typing import Any

import numpy as np
import pytest

from atom_data.errors import ConfigError
from atom_data.loader import Batches, Mixture, Samples, TokenShards
from tests.tokens.corpus import rows, token_run

LENGTH = 32
BLOCK = 64


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    found = {}
    for name, count in (("a", 40), ("b", 15), ("c", 25)):
        folder = tmp_path_factory.mktemp(name)
        token_run(folder, {f"{name}{i}": rows(count, f"{name}{i}-") for i in range(3)}, target_tokens=300)
        found[name] = str(folder / "out" / "tokens")
    return found


def opened(folders: dict[str, str], *names: str, length: int = LENGTH) -> dict[str, TokenShards]:
    return {name: TokenShards(folders[name], sequence_length=length) for name in names}


@pytest.fixture(scope="module")
def samples(folders: dict[str, str]) -> Samples:
    return Samples(TokenShards(folders["a"], sequence_length=LENGTH), seed=5)


def slow_parts(inputs: list[int], eos: int) -> list[int]:
    """Return the lengths of the documents' parts in a window, token by token."""
    parts, count = [], 0
    for token in inputs:
        count += 1
        if token == eos:
            parts.append(count)
            count = 0
    return [*parts, count] if count else parts


def test_sample_labels_positions_and_boundaries(samples: Samples) -> None:
    several = 0
    for number in range(60):
        sample = samples[number]
        place = samples.order(number)
        ids = samples.sources[place.source].window(place.window).ids.tolist()
        assert sample["input_ids"].tolist() == ids[:-1]
        assert sample["labels"].tolist() == ids[1:]
        parts = slow_parts(ids[:-1], 0)
        assert sample["cu_seqlens"].tolist() == [0, *np.cumsum(parts).tolist()]
        assert sample["position_ids"].tolist() == [position for part in parts for position in range(part)]
        assert int(sample["sample"]) == number
        several += len(parts) > 2
    assert several > 10


def test_sample_boundaries_are_those_of_the_index(samples: Samples) -> None:
    for number in range(60):
        start = samples.address(number).spans[0][0]
        bounds = {0, LENGTH}
        for row in samples.documents(number):
            bounds |= {min(max(row[name] - start, 0), LENGTH) for name in ("first_token", "stop_token")}
        assert samples[number]["cu_seqlens"].tolist() == sorted(bounds)


def test_sample_end_token_at_the_edges_makes_no_empty_part(folders: dict[str, str]) -> None:
    samples = Samples(TokenShards(folders["a"], sequence_length=1))
    last = [samples[number] for number in range(200)]
    assert all(sample["cu_seqlens"].tolist() == [0, 1] for sample in last)
    assert any(sample["input_ids"][0] == 0 for sample in last)


def test_sample_documents_are_traced_to_their_source(samples: Samples) -> None:
    found = samples.documents(3)
    address = samples.address(3)
    assert address.shard in {shard["name"] for shard in samples.sources["tokens"].shards}
    assert all(row["id"] == f"{row['shard']}-{row['row']}" for row in found)


def test_batch_is_its_samples_stacked(samples: Samples) -> None:
    batches = Batches(samples, batch_size=3, rank=1, world=2)
    first, second = islice(batches, 2)
    assert first["sample"].tolist() == [3, 4, 5] and second["sample"].tolist() == [9, 10, 11]
    for row, number in enumerate([9, 10, 11]):
        assert np.array_equal(second["input_ids"][row], samples[number]["input_ids"])
        assert np.array_equal(second["labels"][row], samples[number]["labels"])
    flat = second["position_ids"].reshape(-1)
    assert second["cu_seqlens"].tolist() == [*np.flatnonzero(flat == 0).tolist(), 3 * LENGTH]
    assert int(second["max_seqlen"]) == int(flat.max()) + 1


def test_batches_one_epoch_is_every_window_once(samples: Samples) -> None:
    n = len(samples.sources["tokens"])
    seen = []
    for batch in Batches(samples, batch_size=1, stop=n):
        address = samples.address(int(batch["sample"][0]))
        seen.append((address.shard, address.spans[0][0]))
    assert len(seen) == len(set(seen)) == n


def test_batches_end_with_the_last_whole_step(samples: Samples) -> None:
    batches = Batches(samples, batch_size=3, rank=0, world=2, stop=20)
    assert [batch["sample"][0] for batch in batches] == [0, 6, 12]
    assert batches.consumed == 18
    assert list(batches) == []


def replay(samples: Samples, plan: list[tuple[int, int, int]]) -> list[int]:
    """Return the numbers that all ranks read, resuming a new loader of (world, batch_size) for some steps each."""
    state: dict[str, Any] = Batches(samples, batch_size=1).state()
    seen: list[int] = []
    for world, batch_size, steps in plan:
        ranks = [Batches(samples, batch_size=batch_size, rank=rank, world=world) for rank in range(world)]
        for rank in ranks:
            rank.resume(json.loads(json.dumps(state)))
        streams = [iter(rank) for rank in ranks]
        for _ in range(steps):
            seen += [int(number) for stream in streams for number in next(stream)["sample"]]
        states = [rank.state() for rank in ranks]
        assert all(other == states[0] for other in states)
        state = states[0]
    assert state["consumed"] == len(seen)
    return seen


def test_resume_at_other_worlds_and_batch_sizes_reads_one_unbroken_sequence(samples: Samples) -> None:
    seen = replay(samples, [(8, 3, 5), (6, 4, 7), (3, 1, 11), (16, 2, 3), (1, 5, 4)])
    assert seen == list(range(len(seen)))
    assert len(seen) == 120 + 168 + 33 + 96 + 20


def test_resume_twice_and_three_times_in_one_epoch_shifts_nothing(samples: Samples) -> None:
    chance = random.Random(3)
    for _ in range(5):
        plan = [(chance.randint(1, 9), chance.randint(1, 4), chance.randint(0, 3)) for _ in range(6)]
        seen = replay(samples, plan)
        assert seen == list(range(len(seen)))


def test_resume_equals_never_having_stopped(samples: Samples) -> None:
    whole = list(islice(Batches(samples, batch_size=2, rank=1, world=2), 9))
    one = Batches(samples, batch_size=2, rank=1, world=2)
    head = list(islice(one, 4))
    two = Batches(samples, batch_size=2, rank=1, world=2)
    two.resume(one.state())
    for expected, found in zip(whole, head + list(islice(two, 5)), strict=True):
        assert all(np.array_equal(expected[name], found[name]) for name in expected)


def test_iterating_again_goes_on(samples: Samples) -> None:
    batches = Batches(samples, batch_size=1)
    numbers = [int(batch["sample"][0]) for _ in range(3) for batch in islice(batches, 2)]
    assert numbers == [0, 1, 2, 3, 4, 5]


def test_state_is_small_and_plain(samples: Samples) -> None:
    state = samples.state(2**50)
    assert len(json.dumps(state)) < 200
    assert json.loads(json.dumps(state)) == state
    assert list(state) == ["version", "consumed", "seed", "sequence_length", "data", "mixture"]


def test_state_of_another_run_is_refused(folders: dict[str, str], samples: Samples) -> None:
    state = samples.state(640)
    source = opened(folders, "a")["a"]
    with pytest.raises(ConfigError, match=r"loader state: seed is 5, and 6 here\. Use the seed of the run"):
        Samples(source, seed=6).resume(state)
    with pytest.raises(ConfigError, match=r"sequence_length is 32, and 16 here\."):
        Samples(opened(folders, "a", length=16)["a"], seed=5).resume(state)
    with pytest.raises(
        ConfigError, match=r"data is '[0-9a-f]{16}', and '[0-9a-f]{16}' here\. The tokens are not those"
    ):
        Samples(opened(folders, "b")["b"], seed=5).resume(state)
    with pytest.raises(ConfigError, match="data is"):
        Samples(opened(folders, "b")["b"], seed=5).resume(samples.state(0))
    assert samples.resume(state) == 640


@pytest.mark.parametrize(
    "change",
    [{"version": 2}, {"version": None}, {"consumed": -1}, {"consumed": "5"}, {"consumed": True}, {"consumed": None}],
)
def test_state_that_is_none_is_refused(samples: Samples, change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="is not a state of version 1"):
        samples.resume({**samples.state(5), **change})


def test_state_mixture_may_be_added_to_but_not_changed(folders: dict[str, str]) -> None:
    first = Mixture(weights={"a": 3, "b": 1})
    later = Mixture(start=2 * BLOCK, weights={"a": 1, "c": 1})
    two = Samples(opened(folders, "a", "b"), mixtures=[first], block=BLOCK)
    state = two.state(2 * BLOCK)
    three = Samples(opened(folders, "a", "b", "c"), mixtures=[first, later], block=BLOCK)
    assert three.resume(state) == 2 * BLOCK
    for number in range(2 * BLOCK):
        assert np.array_equal(two[number]["input_ids"], three[number]["input_ids"])
    assert {three.address(number).source for number in range(2 * BLOCK, 3 * BLOCK)} == {"a", "c"}
    with pytest.raises(ConfigError, match=r"mixture is .* A mixture that has begun was changed"):
        Samples(opened(folders, "a", "b"), mixtures=[Mixture(weights={"a": 2, "b": 1})], block=BLOCK).resume(state)
    with pytest.raises(ConfigError, match="mixture is"):
        three.resume(two.state(2 * BLOCK + 1))
    with pytest.raises(ConfigError, match="mixture is"):
        Samples(opened(folders, "a", "b"), mixtures=[first], block=2 * BLOCK).resume(state)


def test_one_source_goes_on_with_more(folders: dict[str, str]) -> None:
    sources = opened(folders, "a", "c")
    alone = Samples(sources["a"], block=BLOCK)
    mixtures = [Mixture(weights={"tokens": 1}), Mixture(start=BLOCK, weights={"tokens": 1, "more": 1})]
    more = Samples({"tokens": sources["a"], "more": sources["c"]}, mixtures=mixtures, block=BLOCK)
    assert more.resume(alone.state(BLOCK)) == BLOCK


def test_samples_of_sources_that_differ_are_refused(folders: dict[str, str]) -> None:
    sources = {**opened(folders, "a"), **opened(folders, "b", length=16)}
    with pytest.raises(ConfigError, match=r"the sources differ in sequence_length \(a: 32, b: 16\)"):
        Samples(sources, mixtures=[Mixture(weights={"a": 1, "b": 1})])
    with pytest.raises(ConfigError, match="the seed is -1"):
        Samples(opened(folders, "a")["a"], seed=-1)


@pytest.mark.parametrize(
    "options", [{"batch_size": 0}, {"batch_size": 1, "rank": 2, "world": 2}, {"batch_size": 1, "rank": -1}]
)
def test_rank_that_cannot_be_is_refused(samples: Samples, options: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="Give a batch_size above 0, and a rank"):
        Batches(samples, **options)


def test_skipped_ranges_are_read_by_no_rank_at_any_world(samples: Samples) -> None:
    skip = [(30, 41), (5, 7), (40, 50), (55, 56)]
    left = [number for number in range(400) if number not in {*range(5, 7), *range(30, 50), 55}]
    state, seen = Batches(samples, batch_size=1).state(), list[int]()
    for world, batch_size, steps in ((8, 1, 3), (3, 2, 5), (16, 1, 2), (1, 7, 3)):
        ranks = [Batches(samples, batch_size=batch_size, rank=rank, world=world, skip=skip) for rank in range(world)]
        skip = []  # the state keeps them
        for rank in ranks:
            rank.resume(state)
        streams = [iter(rank) for rank in ranks]
        for _ in range(steps):
            seen += [int(number) for stream in streams for number in next(stream)["sample"]]
        assert len({json.dumps(rank.state()) for rank in ranks}) == 1
        state = ranks[0].state()
    assert seen == left[: len(seen)]
    assert len(seen) == 24 + 30 + 32 + 21
    assert state["consumed"] == seen[-1] + 1
    assert "skip" not in state, "the run is past them"


def test_skip_given_at_a_resume_joins_those_of_the_state(samples: Samples) -> None:
    first = Batches(samples, batch_size=2, skip=[(1, 3), (1_000_000_000, 1_000_000_100)])
    assert next(iter(first))["sample"].tolist() == [0, 3]
    assert first.state()["skip"] == [[1_000_000_000, 1_000_000_100]]
    assert len(json.dumps(first.state())) < 200
    later = Batches(samples, batch_size=2, skip=[(5, 6)])
    later.resume(json.loads(json.dumps(first.state())))
    assert next(iter(later))["sample"].tolist() == [4, 6]
    assert later.state()["skip"] == first.state()["skip"]
    with pytest.raises(ConfigError, match=r"skip is .*, 7\]. Give a list of pairs"):
        later.resume({**first.state(), "skip": [7]})


@pytest.mark.parametrize("world, micro, accumulated", [(1, 12, 1), (2, 3, 2), (3, 2, 2), (4, 1, 3), (6, 2, 1)])
def test_gradient_accumulation_reads_the_same_steps(samples: Samples, world: int, micro: int, accumulated: int) -> None:
    """A step of 12 samples is the same 12, however it is shared among ranks and micro-batches; so is what follows."""
    state, seen = Batches(samples, batch_size=12).state(), list[set[int]]()
    for shape in ((world, micro, accumulated), (1, 4, 3), (world, micro, accumulated)):
        ranks = [Batches(samples, batch_size=shape[1], rank=rank, world=shape[0]) for rank in range(shape[0])]
        for rank in ranks:
            rank.resume(state)
        streams = [iter(rank) for rank in ranks]
        for _ in range(2):
            step = [next(stream)["sample"] for _ in range(shape[2]) for stream in streams]
            seen.append({int(number) for numbers in step for number in numbers})
        state = ranks[0].state()
    assert seen == [set(range(start, start + 12)) for start in range(0, 72, 12)]


def test_skip_leaves_the_last_whole_step(samples: Samples) -> None:
    batches = Batches(samples, batch_size=2, stop=10, skip=[(2, 7)])
    assert [batch["sample"].tolist() for batch in batches] == [[0, 1], [7, 8]]
    with pytest.raises(ConfigError, match="skip from sample 9 to 9"):
        Batches(samples, batch_size=2, skip=[(9, 9)])


def test_flat_batch_is_the_rows_one_after_the_other(samples: Samples) -> None:
    rows_, flat = next(iter(Batches(samples, batch_size=3))), next(iter(Batches(samples, batch_size=3, flat=True)))
    for name in ("input_ids", "labels", "position_ids"):
        assert np.array_equal(flat[name], rows_[name].reshape(-1))
    for name in ("cu_seqlens", "max_seqlen", "sample", "source"):
        assert np.array_equal(flat[name], rows_[name])


def test_source_is_the_place_among_the_names(folders: dict[str, str]) -> None:
    mixture = Mixture(weights={"b": 1, "a": 3})
    mixed = Samples(opened(folders, "b", "a"), mixtures=[mixture], block=BLOCK)
    assert mixed.names == ("b", "a")
    found = next(iter(Batches(mixed, batch_size=BLOCK)))
    assert [mixed.names[number] for number in found["source"]] == [mixed.order(i).source for i in range(BLOCK)]
    assert found["source"].tolist().count(0) == BLOCK // 4
