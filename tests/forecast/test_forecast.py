"""`plan`: the forecast of what can be counted beside what a run then makes, the array, refusals, and the comparison."""

import json
from pathlib import Path

import pytest

from atom_data.forecast.compare import keep_forecast, read_forecast
from atom_data.forecast.copies import loss_of_copies
from atom_data.forecast.estimate import Estimate, line, scatter
from atom_data.forecast.forecast import Forecast, StageForecast
from atom_data.forecast.limits import array_task_memory, array_tasks, time_limit
from atom_data.forecast.measured import SampleRun
from atom_data.forecast.sample_runs import with_median_times
from atom_data.graph import own_jobs
from atom_data.runner.recipe import load_recipe
from atom_data.status.status import job_status
from atom_data.storage.receipts import Measured, Receipt
from atom_data.tokens import manifest
from atom_data.workspace import Workspace
from tests.command import atom_data, fingerprint, recipe
from tests.tokens.corpus import tiny_tokenizer

RECIPE = """
    from atom_data import Copies, Jsonl, SameText, Stage, keep
    from atom_data.signals import count_words

    def stages():
        counted = Stage(name="counted", reads=Jsonl({files!r}, source="test"), steps=(count_words, keep({card!r})))
        return (Stage(name="unique", reads=Copies(of=counted, by=SameText()), steps=(keep("first_copy"),)),)
"""
CARD = 'source = "this test"\n[[rule]]\nreason = "short"\ncolumn = "word_count"\nmin = 40\n'
SHARDS, DOCUMENTS = 24, 250


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """6,000 documents in 24 files, a tenth of them copies, and a card that drops the short ones."""
    folder = tmp_path_factory.mktemp("plan")
    for shard in range(SHARDS):
        lines = []
        for number in range(DOCUMENTS):
            serial = shard * DOCUMENTS + number
            words = f"document {serial if serial % 10 else 0} " + "word " * (serial * 7 % 60 if serial % 10 else 40)
            lines.append(json.dumps({"id": f"{shard}-{number}", "text": words * 12}))
        (folder / f"{shard:02}.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "short.toml").write_text(CARD)
    return folder


def estimate(value: float, off: float = 0.1) -> Estimate:
    return Estimate(value, value * (1 - off), value * (1 + off))


def forecast(**changed: float) -> Forecast:
    """Return a forecast of one stage of 5,000 shards, 1,000 CPU hours and 2 GB per worker, for example."""
    found = {"cpu": 3.6e6, "memory": 2e9, "tasks": 5_000, **changed}
    stage = StageForecast(
        name="pages", tasks=int(found["tasks"]), cpu_seconds=estimate(found["cpu"]), wall_seconds=estimate(3_600, 0),
        memory_bytes=estimate(found["memory"]), output_bytes=estimate(5e12), documents=estimate(1e9), tokens=estimate(0),
        scratch=False,
    )  # fmt: skip
    return Forecast(recipe="r.py", sha256="", share=0.01, sample_documents=1, workers=1, cluster=True, stages=(stage,))


def test_array_has_elements_of_about_an_hour() -> None:
    assert array_tasks(forecast(), 1, 2_000) == 1_101, "rounded up"
    assert array_tasks(forecast(), 8, 2_000) == 138
    assert array_tasks(forecast(), 1, 100) == 100, "never more than the profile allows"
    assert array_tasks(forecast(cpu=7_200.0), 1, 100) == 3
    assert array_tasks(forecast(tasks=3), 2, 100) == 2, "no element without a shard"
    assert time_limit(forecast()) == "2:00:00"
    assert array_task_memory(forecast(), 2) == "4608M"


def test_forecast_is_kept_unchanged(tmp_path: Path) -> None:
    keep_forecast(forecast(), Workspace(str(tmp_path)))
    assert read_forecast(Workspace(str(tmp_path))) == forecast()


def test_line_never_goes_below_nothing() -> None:
    assert line([0, 1, 2], [1, 3, 5]) == pytest.approx((2, 1))
    assert line([0, 1, 2], [0, 0, 3])[1] == 0
    assert line([1, 1], [4, 6]) == (0, 5)
    assert line([0, 1, 2], [5, 4, 3])[0] == 0


def test_scatter_is_nothing_where_all_was_seen() -> None:
    assert scatter([1, 9], [1, 1], 2) == 0
    assert scatter([5], [1], 10) == 0.5
    # The standard deviation of 8, 12, 9, 11 is 1.826, a half of it over the mean of 10, and 4 of 1,000 were seen.
    assert scatter([8, 12, 9, 11], [1, 1, 1, 1], 1000) == pytest.approx(0.0913 * 0.998, rel=1e-3)


@pytest.mark.parametrize("size, share", [(2, 0.2), (20, 0.1), (300, 0.05)])
def test_copies_of_the_whole_are_estimated_from_those_of_a_sample(size: int, share: float) -> None:
    """Half of 100,000 documents are in clusters of one size: what a sample loses is known, and so is the truth."""
    documents, clustered = 100_000, 0.5

    def sample(part: float) -> tuple[float, int, int]:
        lost = clustered * documents * (1 + ((1 - part) ** size - 1) / (size * part)) * part
        return part, round(documents * part), round(lost)

    truth = clustered * (1 - 1 / size)
    found = loss_of_copies([sample(share / 2), sample(share)])
    assert found.value == pytest.approx(truth, rel=0.25)
    assert loss_of_copies([(1.0, 100, 40)]).value == 0.4


def test_plan_run_and_compare(folder: Path) -> None:
    out = folder / "out"
    path = recipe(folder, RECIPE.format(files=str(folder / "*.jsonl"), card=str(folder / "short.toml")))
    done = atom_data("plan", path, "--output", out, "--share", 0.2, "--tasks", 4, "--price", 0.05, "--workers", 2)
    assert done.returncode == 0, done.stderr
    for words in (
        "counted",
        "unique",
        "CPU s",
        "cost at 0.05 per CPU hour",
        "--on slurm --tasks 4 --workers-per-task 1",
    ):
        assert words in done.stdout
    early = atom_data("plan", path, "--output", out, "--compare")
    assert early.returncode == 1 and "stage 'counted': 0 of 0 shards are finished. Compare after" in early.stderr
    run = atom_data("run", path, "--output", out, "--workers", 2)
    assert run.returncode == 0, run.stderr
    assert atom_data("verify", out).returncode == 0, "a forecast is not part of the run"

    made = read_forecast(Workspace(str(out)))
    for stage, job in zip(made.stages, load_recipe(str(path)).jobs, strict=True):
        was = job_status(job, Workspace(str(out))).sums
        assert stage.documents.value == pytest.approx(was["rows_out"], rel=0.15, abs=1), stage.name
        if was["output_bytes"] > 50_000:
            assert stage.output_bytes.value == pytest.approx(was["output_bytes"], rel=0.25), stage.name
    compared = atom_data("plan", path, "--output", out, "--compare")
    assert compared.returncode == 0, compared.stderr
    assert "CPU s: plan" in compared.stdout and "figures are within their intervals" in compared.stdout
    figures = json.loads(atom_data("plan", path, "--output", out, "--compare", "--json").stdout)
    assert {figure["stage"] for figure in figures} >= {"counted", "unique", "all"}
    path.write_text(path.read_text() + "# edited\n")
    edited = atom_data("plan", path, "--output", out, "--compare")
    assert edited.returncode == 1 and "the recipe is not the one that was planned" in edited.stderr


def test_token_pass_has_no_more_tasks_than_shards(folder: Path, tmp_path: Path) -> None:
    text = f"""
        from atom_data import Jsonl, Tokenize

        def stages():
            read = Jsonl({str(folder / "00.jsonl")!r}, {str(folder / "01.jsonl")!r}, source="test")
            return (Tokenize(reads=read, tokenizer={str(tiny_tokenizer(tmp_path / "t.json"))!r}, target_tokens=100),)
    """
    path, out = recipe(tmp_path, text), tmp_path / "out"
    planned = json.loads(atom_data("plan", path, "--output", out, "--json").stdout)
    assert planned["stages"][0]["name"] == "tokens" and planned["stages"][0]["cpu_seconds"] and planned["cost"]
    assert atom_data("run", path, "--output", out).returncode == 0
    assert (
        [stage.tasks for stage in read_forecast(Workspace(str(out))).stages]
        == [len(manifest(str(out))["shards"])]
        == [2]
    )


def test_all_jobs_of_a_pass_are_known_up_to_what_it_reads(tmp_path: Path) -> None:
    path = recipe(tmp_path, RECIPE.format(files="*.jsonl", card="gopher_quality").replace("SameText", "MinHash"))
    jobs = load_recipe(str(path)).jobs
    assert own_jobs(jobs[-1].sources()[0]) == jobs[1:-1]
    assert len(jobs) > 5


def test_median_of_times_keeps_the_runs_of_a_pair_together() -> None:
    def run(seconds: float, pair: int) -> SampleRun:
        receipt = Receipt(stage="read", shard="a", rows_in=pair, measured=Measured(cpu_seconds=seconds))
        return SampleRun({"read": (receipt,)}, (), 0.0, 0.0)

    pairs = [(1.0, 9.0), (2.0, 3.0), (5.0, 6.0)]
    made = with_median_times([(run(one, number), run(other, number)) for number, (one, other) in enumerate(pairs)])
    assert [run.receipts["read"][0].rows_in for run in made] == [0, 0]
    assert [run.totals("read").cpu_seconds for run in made] == [1.0, 9.0]


def test_plan_changes_no_byte_of_the_run(folder: Path, tmp_path: Path) -> None:
    path = recipe(tmp_path, RECIPE.format(files=str(folder / "0*.jsonl"), card=str(folder / "short.toml")))
    for name in ("planned", "not"):
        if name == "planned":
            assert atom_data("plan", path, "--output", tmp_path / name, "--json").returncode == 0
        assert atom_data("run", path, "--output", tmp_path / name).returncode == 0
    assert fingerprint(tmp_path / "planned") == fingerprint(tmp_path / "not")


def test_what_will_not_do_is_refused(folder: Path, tmp_path: Path) -> None:
    path = recipe(tmp_path, RECIPE.format(files=str(folder / "0*.jsonl"), card=str(folder / "short.toml")))
    done = atom_data("plan", path, "--output", tmp_path / "out", "--scratch-limit", "10K")
    assert done.returncode == 2
    assert "all stages write about" in done.stderr and "--scratch-limit allows. Choose another --output" in done.stderr
    done = atom_data("plan", path, "--output", tmp_path / "out", "--memory-limit", "10M")
    assert done.returncode == 2
    assert "a worker needs about" in done.stderr and "--memory-limit gives it 10.5 MB" in done.stderr
    nothing = atom_data("plan", path, "--output", tmp_path / "none", "--compare")
    assert nothing.returncode == 1 and "there is no forecast to compare with" in nothing.stderr
    share = atom_data("plan", path, "--output", tmp_path / "none", "--share", 0)
    assert share.returncode == 2 and "--share: 0. Give a share of all documents above 0" in share.stderr
