# Every target sets itself up: Python 3.11 with venv and pip is all that is needed.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
OUT ?= demo
# The exact pin, because other torch wheels bring several GB of CUDA; only the tests and the training side need torch.
TORCH ?= torch==2.13.0
BENCHMARKS := filters langid urls dedup repeats tokens loader plan pipeline answers takedown selection report

.PHONY: newcomer screens demo test check kernels format bench clean docs setup setup-dev test-slurm test-ray test-train test-readers test-frameworks test-publish test-browser conformance linear-time fuzz chaos cases

demo: $(VENV)/.core  ## the main job on the sample: WARC files in, training batches out
	$(BIN)/atom-data run pipelines/sample.py --output $(OUT)
	$(BIN)/atom-data verify $(OUT)
	$(BIN)/atom-data batches $(OUT)/tokens --count 3

test: $(VENV)/.dev  ## the tests, a process for each core; arguments by ARGS="-k name"
	$(BIN)/python -m pytest -n auto $(ARGS)

check: $(VENV)/.dev  ## format, lint, types, layers, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n auto $(ARGS)

kernels: $(VENV)/.dev  ## notes the types that kernels are called with: run it when a kernel or what it takes is new
	$(BIN)/python -m tests.runner.kinds

fuzz: $(VENV)/.dev  ## readers, pages and tokenizer files on changed inputs, bombs, and the property tests with many new examples; FUZZ_SECONDS=10 a target
	$(BIN)/python benchmarks/fuzz.py
	$(BIN)/python -m pytest --hypothesis-profile=fuzz -m hypothesis $(ARGS)

cases: $(VENV)/.dev  ## some 250 inputs that once failed, from ../shared/data/cases.tar.xz: the right value, or a reason with a name
	$(BIN)/python benchmarks/cases.py

newcomer:  ## six kinds of users acted from a fresh environment with a wheel built here: times, and what is said of each mistake
	$(PYTHON) benchmarks/newcomer.py $(ARGS)

screens: $(VENV)/.dev  ## the output of every command in terminals of 80, 100 and 160 columns and piped, in build/screens
	$(BIN)/python benchmarks/screens.py $(ARGS)

chaos: $(VENV)/.dev  ## CHAOS_KILLS=1000 kills, failing and full disks, a bad store, changing inputs; then the same bytes; QUICK=1 for about a minute
	$(BIN)/python benchmarks/chaos.py

test-slurm: $(VENV)/.dev  ## arrays on a real Slurm of two virtual nodes, and what is killed there; root, and Debian's slurmctld, slurmd, slurm-client, munge
	$(BIN)/python -m pytest -m slow tests/slurm $(ARGS)

test-ray: $(VENV)/.dev  ## a recipe on a Ray cluster of two nodes
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[ray]'
	$(BIN)/python -m pytest -m slow tests/raycluster $(ARGS)

test-train: $(VENV)/.dev  ## a small GPT stopped and resumed at another world size, with the same losses
	$(BIN)/python -m pytest -m slow tests/loader/test_train.py $(ARGS)

test-readers: $(VENV)/.dev  ## other projects' readers on our token shards; environments of about 3 GB
	$(BIN)/pip install --quiet --disable-pip-version-check gigatoken==0.10.0
	$(BIN)/python -m pytest tests/peers/readers.py tests/peers/ids.py -rP $(ARGS)

test-frameworks: $(VENV)/.dev  ## the loader's pages with Lightning, HF Trainer, Megatron, torchtitan and Grain; environments of about 4 GB
	$(BIN)/python -m pytest tests/frameworks/frameworks.py $(ARGS)

test-publish: $(VENV)/.dev  ## what `atom-data publish` leaves, read by mlcroissant and the hub's datasets; an environment of 0.6 GB
	$(BIN)/python -m pytest tests/publish/peers.py $(ARGS)

test-browser: $(VENV)/.dev  ## reports in headless Chromium with hostile documents, and axe; SCREENSHOTS=FOLDER keeps pictures
	$(BIN)/pip install --quiet --disable-pip-version-check playwright axe-playwright-python
	command -v chromium > /dev/null || $(BIN)/playwright install --with-deps chromium
	$(BIN)/python -m pytest -m slow tests/browser $(ARGS)

conformance: $(VENV)/.dev  ## how our cards agree with what datatrove decided
	$(BIN)/python benchmarks/conformance.py

linear-time: $(VENV)/.dev  ## that time grows with length and no faster, on texts made to take longer
	$(BIN)/python benchmarks/linear_time.py

docs: $(VENV)/.dev  ## the pages that are made from the code
	$(BIN)/python docs/reference/output.py
	$(BIN)/python docs/reference/api.py

format: $(VENV)/.dev  ## bring the code into form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench-%: $(VENV)/.dev  ## one benchmark beside its peers, e.g. make bench-pipeline; QUICK=1 for under a minute
	$(BIN)/python benchmarks/$*.py

bench: $(VENV)/.dev  ## all benchmarks, and the tables of docs/performance.md
	for name in $(BENCHMARKS); do $(BIN)/python benchmarks/$$name.py || exit 1; done
	$(BIN)/python benchmarks/table.py

setup: $(VENV)/.core
setup-dev: $(VENV)/.dev

$(VENV)/.core: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	$(BIN)/python -m compileall -q atom_data  # as pip does for what is not editable
	touch $@

$(VENV)/.dev: $(VENV)/.core
	$(BIN)/pip install --quiet --disable-pip-version-check $(TORCH) --editable '.[dev]'
	touch $@

clean:  ## remove what the targets made
	rm -rf $(VENV) demo out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
