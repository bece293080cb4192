"""Where a run ends: samples and max_epochs of a mix bind the loader; and an iterator below which a state was loaded."""

import logging
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from atom_data.errors import ConfigError
from atom_data.loader import Batches, Mixture, Samples, TokenShards, open_mix
from atom_data.mix import load_mix, plan_mix
from tests.command import atom_data
from tests.mix.corpora import BLOCK, token_folders, write_mix

MIX = """
sequence_length = 32
[sources.web]
tokens = "a/out/tokens"
[sources.code]
tokens = "b/out/tokens"
max_epochs = 2
[[stages]]
weights = { web = 0.75, code = 0.25 }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return token_folders(tmp_path_factory.mktemp("mix"), {"a": 200, "b": 60})


def read(samples: Samples) -> Counter[str]:
    """Return how often each window was read until the run ended."""
    found: Counter[str] = Counter()
    for batch in Batches(samples, batch_size=1):
        place = samples.order(int(batch["sample"][0]))
        found[f"{place.source} {place.window}"] += 1
    return found


def test_run_without_samples_ends_before_max_epochs_are_passed(folder: Path) -> None:
    samples = open_mix(write_mix(folder, MIX))
    times = read(samples)
    assert max(count for place, count in times.items() if place.startswith("code")) == 2
    code = sum(count for place, count in times.items() if place.startswith("code"))
    assert code == 2 * len(samples.sources["code"])
    assert samples.order(samples.stop or 0).source == "code", "one sample more would be too many"


def test_run_ends_with_the_samples_of_its_mix(folder: Path) -> None:
    samples = open_mix(write_mix(folder, "samples = 50\n" + MIX))
    assert sum(read(samples).values()) == 50
    assert len(list(Batches(samples, batch_size=4, rank=1, world=3))) == 4
    assert sum(read(open_mix(write_mix(folder, "samples = 50\n" + MIX))).values()) == 50


def test_more_than_the_mix_allows_is_refused(folder: Path) -> None:
    samples = open_mix(write_mix(folder, "samples = 50\n" + MIX))
    with pytest.raises(ConfigError, match=r"stop is 51, and the run has 50 samples: samples in .*mix\.toml says so"):
        Batches(samples, batch_size=1, stop=51)
    with pytest.raises(ConfigError, match=r"there is no sample 50 in 50 samples: samples in"):
        samples[50]
    unending = open_mix(write_mix(folder, MIX))
    with pytest.raises(
        ConfigError, match=r"stop is 1,000,000, .* then 'code' has been read max_epochs = 2 times\. Raise"
    ):
        Batches(unending, batch_size=1, stop=1_000_000)
    with pytest.raises(ConfigError, match="60 samples are consumed, and the run has 50"):
        samples.resume({**unending.state(60)})
    assert Batches(samples, batch_size=1, stop=30)._turns.samples == 30


def test_torch_dataset_has_the_length_of_the_mix(folder: Path) -> None:
    pytest.importorskip("torch")
    from atom_data.loader.dataset import TokenDataset, TokenLoader

    dataset = TokenDataset(open_mix(write_mix(folder, "samples = 50\n" + MIX)))
    assert len(dataset) == 50
    assert [len(batch["sample"]) for batch in TokenLoader(dataset, batch_size=20, num_workers=1)] == [20, 20]
    with pytest.raises(ConfigError, match="stop is 51"):
        TokenDataset(dataset.samples, stop=51)


def test_stage_that_begins_after_a_source_is_used_up_is_refused(folder: Path) -> None:
    late = f"[[stages]]\nstart = {BLOCK * 100}\nweights = {{ web = 1.0 }}\n"
    with pytest.raises(
        ConfigError, match=r"a stage starts at sample 6,400; at sample [\d,]+ 'code' has been read more"
    ):
        open_mix(write_mix(folder, MIX + late))
    early = late.replace(str(BLOCK * 100), str(BLOCK))
    assert open_mix(write_mix(folder, MIX + early)).stop is None, "code is read no more: nothing ends the run"


def test_plan_counts_exactly_what_the_loader_reads(folder: Path) -> None:
    samples = open_mix(write_mix(folder, "samples = 777\n" + MIX.replace("= 2", "= 99")))
    plan = plan_mix(load_mix(str(folder / "mix.toml")))
    found = Counter(samples.order(number).source for number in range(777))
    assert {part.name: part.samples for part in plan.parts} == found
    for until in (0, 1, 63, 64, 65, 700):
        assert samples.order.count("code", until) == sum(samples.order(n).source == "code" for n in range(until))


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        (
            "{ web = 0.7, code = 0.4 }",
            r"add up to 1\.1, not 1, so web 0\.7 is 63\.64%, code 0\.4 is 36\.36% of the samples",
        ),
        ("{ web = 0.5, code = 0.2 }", r"add up to 0\.7, not 1"),
        ("{ web = 3, code = 1 }", ""),
        ("{ web = 0.667, code = 0.333 }", ""),
    ],
)
def test_weights_that_do_not_add_up_are_said(folder: Path, caplog: Any, weights: str, says: str) -> None:
    path = write_mix(folder, "samples = 50\n" + MIX.replace("{ web = 0.75, code = 0.25 }", weights))
    with caplog.at_level(logging.WARNING):
        open_mix(path)
    done = atom_data("mix", "plan", path)
    for text in (caplog.text, done.stdout):
        if says:
            assert re.search(says, text)
        else:
            assert "add up" not in text


def test_weights_given_in_python_are_said_too(folder: Path, caplog: Any) -> None:
    sources = {name: TokenShards(str(folder / name / "out" / "tokens"), sequence_length=32) for name in ("a", "b")}
    Samples(sources, mixtures=[Mixture(weights={"a": 0.7, "b": 0.4})], block=BLOCK)
    assert "mixture from sample 0: its weights add up to 1.1, not 1" in caplog.text


@pytest.mark.parametrize("weight", ["0", "-0.1", "nan", "inf", "0.0"])
def test_weights_that_are_none_are_refused(folder: Path, weight: str) -> None:
    path = write_mix(folder, MIX.replace("code = 0.25", f"code = {weight}"))
    with pytest.raises(ConfigError, match=r"weight of 'code' is|no stage reads the source 'code'"):
        open_mix(path)
    sources = {name: TokenShards(str(folder / name / "out" / "tokens"), sequence_length=32) for name in ("a", "b")}
    with pytest.raises(ConfigError, match=r"the weight of 'b' is"):
        Samples(sources, mixtures=[Mixture(weights={"a": 1, "b": float(weight)})], block=BLOCK)


def test_many_epochs_are_said_where_nobody_meant_them(folder: Path, caplog: Any) -> None:
    text = MIX.replace("max_epochs = 2\n", "")
    path = write_mix(folder, "samples = 2000\n" + text)
    open_mix(path)
    epochs = plan_mix(load_mix(path)).epochs("code")
    assert epochs > 4
    says = f"the run reads 'code' {epochs:.1f} times. Lower its weight, or set max_epochs ="
    assert says in caplog.text
    assert says in " ".join(atom_data("mix", "plan", path).stdout.split())
    caplog.clear()
    open_mix(write_mix(folder, "samples = 2000\n" + MIX.replace("max_epochs = 2", "max_epochs = 99")))
    assert "'code'" not in caplog.text
    source = TokenShards(str(folder / "b" / "out" / "tokens"), sequence_length=32)
    Batches(Samples(source), batch_size=1, stop=5 * len(source))
    assert "samples reads 'tokens' 5.0 times" in caplog.text


def test_iterator_below_which_a_state_was_loaded_says_so(folder: Path) -> None:
    samples = Samples(TokenShards(str(folder / "a" / "out" / "tokens"), sequence_length=32))
    batches = Batches(samples, batch_size=2)
    old = iter(batches)
    next(old), next(old)
    batches.resume(samples.state(100))
    with pytest.raises(ConfigError, match=r"this iterator is over, because a state was loaded .* Iterate anew"):
        next(old)
    assert batches.consumed == 100
    assert next(iter(batches))["sample"].tolist() == [100, 101]


def test_iterator_that_was_at_its_end_says_so_too(folder: Path) -> None:
    samples = Samples(TokenShards(str(folder / "a" / "out" / "tokens"), sequence_length=32))
    batches = Batches(samples, batch_size=2, stop=2)
    old = iter(batches)
    next(old)
    batches.resume(samples.state(0))
    with pytest.raises(ConfigError, match="this iterator is over"):
        next(old)


def test_second_iterator_ends_the_first(folder: Path) -> None:
    batches = Batches(Samples(TokenShards(str(folder / "a" / "out" / "tokens"), sequence_length=32)), batch_size=2)
    first, second = iter(batches), iter(batches)
    assert [next(first)["sample"][0], next(second)["sample"][0]] == [0, 2]
    with pytest.raises(ConfigError, match="another iterator was started"):
        next(first)
    assert next(second)["sample"].tolist() == [4, 5]


@pytest.mark.parametrize("workers", [0, 2])
def test_torch_iterator_below_which_a_state_was_loaded_says_so(folder: Path, workers: int) -> None:
    pytest.importorskip("torch")
    from atom_data.loader.dataset import TokenDataset, TokenLoader

    samples = Samples(TokenShards(str(folder / "a" / "out" / "tokens"), sequence_length=32))
    loader = TokenLoader(TokenDataset(samples, stop=200), batch_size=2, num_workers=workers)
    old = iter(loader)
    next(old)
    loader.load_state_dict(samples.state(50))
    with pytest.raises(ConfigError, match="this iterator is over"):
        next(old)
    assert next(iter(loader))["sample"].tolist() == [50, 51]
    assert loader.state_dict()["consumed"] == 52
