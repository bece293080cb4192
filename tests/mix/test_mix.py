"""A mix file, its plan, and that the loader reads what was planned."""

from collections import Counter
from pathlib import Path

import pytest

from atom_data.errors import AtomDataError, ConfigError, DataError
from atom_data.loader import open_mix
from atom_data.mix import load_mix, plan_mix
from atom_data.mix.plan import FOREVER
from tests.command import atom_data
from tests.mix.corpora import BLOCK, token_folders, write_mix
from tests.tokens.corpus import rows, tiny_tokenizer, token_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three finished token folders: a/out/tokens, b/out/tokens, c/out/tokens."""
    return token_folders(tmp_path_factory.mktemp("mix"), {"a": 200, "b": 60, "c": 90})


TWO_STAGES = """
sequence_length = 32
samples = 1000
seed = 7

[sources.web]
tokens = ["a/out/tokens", "b/out/tokens"]
repeats = [1, 3]

[sources.code]
tokens = "c/out/tokens"
max_epochs = 9

[[stages]]
weights = { web = 0.75, code = 0.25 }

[[stages]]
start = 640
weights = { web = 0.25, code = 0.75 }
"""


def test_plan_is_what_the_loader_reads(folder: Path) -> None:
    path = write_mix(folder, TWO_STAGES)
    plan, samples = plan_mix(load_mix(path)), open_mix(path)
    assert samples.seed == 7
    read = Counter(samples.address(number).source for number in range(1000))
    for part in plan.parts:
        assert len(samples.sources[part.name]) == part.windows
        assert part.samples == pytest.approx(read[part.name], abs=part.shares[-1] * BLOCK)
    first = Counter(samples.address(number).source for number in range(640))
    assert first["code"] == 160
    assert [part.shares for part in plan.parts if part.name == "code"] == [(0.25, 0.75)]


def test_plan_repeats_are_reads_within_one_epoch_of_the_source(folder: Path) -> None:
    plan = plan_mix(load_mix(write_mix(folder, TWO_STAGES)))
    once, thrice = (next(part for part in plan.parts if part.name == f"web.{number}") for number in (0, 1))
    assert thrice.epochs / once.epochs == pytest.approx(3, rel=0.1)
    assert plan.epochs("web") == pytest.approx(once.epochs, rel=0.1)


def test_plan_without_stages_is_by_size(folder: Path) -> None:
    text = 'sequence_length = 32\n[sources.a]\ntokens = "a/out/tokens"\n[sources.b]\ntokens = "b/out/tokens"\nrepeats = 2\n'
    plan = plan_mix(load_mix(write_mix(folder, text)))
    shares = {part.name: part.shares[0] for part in plan.parts}
    sizes = {part.name: part.windows * part.repeats for part in plan.parts}
    assert shares["a"] == pytest.approx(sizes["a"] / sum(sizes.values()), abs=1 / BLOCK)
    assert all(part.samples == 0 for part in plan.parts)


def test_plan_end_of_a_source_is_the_sample_that_passes_its_epochs(folder: Path) -> None:
    plan = plan_mix(load_mix(write_mix(folder, TWO_STAGES)))
    end, source = plan.ends["code"], next(part for part in plan.parts if part.name == "code")
    for samples, fits in ((end - 1, True), (end, False)):
        text = TWO_STAGES.replace("samples = 1000", f"samples = {samples}")
        if fits:
            assert plan_mix(load_mix(write_mix(folder, text))).epochs("code") <= 9
        else:
            with pytest.raises(
                ConfigError,
                match=rf"the run reads 'code' 9\.\d\d times; max_epochs is 9, which it passes at sample {end:,}\. Lower its",
            ):
                plan_mix(load_mix(write_mix(folder, text)))
    assert source.windows * 9 < end


def test_plan_of_a_source_that_is_never_used_up(folder: Path) -> None:
    text = TWO_STAGES.replace("max_epochs = 9", "max_epochs = 3") + "[[stages]]\nstart = 704\nweights = { web = 1 }\n"
    assert plan_mix(load_mix(write_mix(folder, text))).ends["code"] == FOREVER


REFUSED = [
    ("sequence_length = 32", "", "it names no source"),
    (
        "[sources.web]",
        "[sources.web]\nweight = 3",
        r"source 'web': unknown key 'weight'; known are tokens, repeats, max_epochs",
    ),
    ("sequence_length = 32", "", "sequence_length is missing"),
    ("samples = 1000", "samples = 0", "samples is 0. Give a whole number from 1 up"),
    ("seed = 7", "sead = 7", "unknown key 'sead'"),
    ("repeats = [1, 3]", "repeats = [1]", r"repeats is \[1\]\. Give a number above 0 for each of its 2 folders"),
    ("max_epochs = 9", "max_epochs = 0", "max_epochs is 0"),
    ("code = 0.75", "kode = 0.75", "stage 2: no source 'kode'; sources there: web, code"),
    ("web = 0.25", "web = -1", "the weight of 'web.0' is -"),
    (
        "start = 640",
        "start = 641",
        "a mixture starts at sample 641, after one at 0. Starts grow, and are multiples of 64",
    ),
    ("start = 640", "start = 1024", "a stage starts at sample 1,024, and the run ends with 1,000"),
    (
        "sequence_length = 32",
        "sequence_length = 320000",
        r"source 'web\.0': no shard holds 320,001 tokens; the longest",
    ),
    ("a/out/tokens", "a/out/clean", r"source 'web\.0': .*the receipt of 'a0' names no tokenizer"),
    ("a/out/tokens", "z/out/tokens", r"source 'web\.0': .*there are no tokens here"),
    ("code = 0.25", "code = 0.0001", r"'code' weighs 0\.00013 of all, less than one sample in a block of 64"),
    ("weights = { web = 0.25, code = 0.75 }", "weights = 3", "stage 2: weights is 3. Give a number for each source"),
]


@pytest.mark.parametrize(("old", "new", "says"), REFUSED)
def test_mix_that_cannot_be_is_refused(folder: Path, old: str, new: str, says: str) -> None:
    text = "sequence_length = 32" if says == "it names no source" else TWO_STAGES.replace(old, new)
    with pytest.raises(AtomDataError, match=says) as caught:
        open_mix(write_mix(folder, text))
    assert "mix.toml" in str(caught.value)
    assert isinstance(caught.value, (ConfigError, DataError))


def test_mix_with_a_source_nobody_reads_is_refused(folder: Path) -> None:
    text = TWO_STAGES.replace(", code = 0.25", "").replace(", code = 0.75", "")
    with pytest.raises(ConfigError, match=r"no stage reads the source 'code'\. Give it a weight, or leave it out"):
        load_mix(write_mix(folder, text))


def test_mix_of_two_tokenizers_is_refused(folder: Path) -> None:
    other = folder / "other"
    other.mkdir()
    tokenizer = tiny_tokenizer(other / "tokenizer.json")
    tokenizer.write_text(tokenizer.read_text() + "\n")
    token_run(other, {"s": rows(100)})
    with pytest.raises(ConfigError, match=r"'code' has tokenizer [0-9a-f]{16}, 'web\.0' [0-9a-f]{16}\. Tokenize all"):
        plan_mix(load_mix(write_mix(folder, TWO_STAGES.replace("c/out/tokens", "other/out/tokens"))))


def test_mix_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_mix(str(tmp_path / "none.toml"))
    (tmp_path / "mix.toml").write_text("a = [")
    with pytest.raises(ConfigError, match="is not TOML"):
        load_mix(str(tmp_path / "mix.toml"))


def test_command_shows_the_plan_or_refuses(folder: Path) -> None:
    done = atom_data("mix", "plan", write_mix(folder, TWO_STAGES))
    assert done.returncode == 0, done.stderr
    assert "from sample 640: web.0" in done.stdout and "code 75.00%" in done.stdout
    assert "the run: 1,000 samples, 32,000 tokens" in done.stdout
    done = atom_data("mix", "plan", write_mix(folder, TWO_STAGES.replace("max_epochs = 9", "max_epochs = 1")))
    assert done.returncode == 2 and "max_epochs is 1" in done.stderr
