"""The whole recipe with input and output on an object store that fails, breaks off, stalls and lists late."""

import tempfile
from pathlib import Path
from typing import Any

from tests.chaos.corpus import Corpus, fingerprint, run, write_recipe
from tests.chaos.disks import Tally
from tests.chaos.processes import sentence
from tests.storage.s3 import ENVIRONMENT, faults_done, s3_server

EVERY, LAG_SECONDS, STALL_SECONDS = 20, 3600.0, 3.0
"""Every 20th request, 5 %, is one of the faults in turn; nothing is listed before an hour has gone by."""
TRIES = 8


def bad_store(corpus: Corpus, folder: Path, count: int) -> Tally:
    """Run `count` times from the store to the store; what a failing store broke, the next run mends."""
    tally = Tally()
    try:
        import boto3
        import moto.server  # noqa: F401 - only whether it is there
    except ImportError as error:
        tally.skipped = f"boto3 or moto is not installed: {error}"
        return tally
    with tempfile.NamedTemporaryFile() as counts:
        with s3_server(EVERY, LAG_SECONDS, STALL_SECONDS, counts.name) as url:
            environment = {**ENVIRONMENT, "AWS_ENDPOINT_URL": url}
            session = boto3.Session(
                aws_access_key_id=ENVIRONMENT["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=ENVIRONMENT["AWS_SECRET_ACCESS_KEY"],
                region_name=ENVIRONMENT["AWS_DEFAULT_REGION"],
            )
            client = session.client("s3", endpoint_url=url)
            client.create_bucket(Bucket="corpus")
            recipe = _upload(client, corpus, folder)
            for number in range(count):
                _run(corpus, recipe, f"s3://corpus/out-{number}", 1 + number % 4, tally, environment)
        tally.more["requests that failed, by kind"] = faults_done(Path(counts.name))
    return tally


def _upload(client: Any, corpus: Corpus, folder: Path) -> Path:
    names = sorted(path.name for path in (corpus.recipe.parent / "in").iterdir())
    for name in names:
        client.upload_file(str(corpus.recipe.parent / "in" / name), "corpus", f"in/{name}")
    warcs, lines = ([f"s3://corpus/in/{name}" for name in names if end in name] for end in (".warc.", ".jsonl."))
    return write_recipe(folder, warcs, lines, "remote.py")


def _run(corpus: Corpus, recipe: Path, out: str, workers: int, tally: Tally, environment: dict[str, str]) -> None:
    tally.done["object store", f"{workers} workers"] += 1
    for tries in range(1, TRIES + 1):
        ended = run(recipe, out, workers, **environment)
        tally.ends[f"done by run {tries}" if ended.code == 0 else "refused"] += 1
        wrong = sentence(ended) if ended.code != 0 else ""
        if wrong:
            tally.faults.append(f"{out}: {wrong}")
        if ended.code == 0:
            break
    found = ""
    for _ in range(TRIES):  # reading may fail, too; that is a sentence
        found = fingerprint(out, **environment)
        if found == corpus.fingerprint:
            return
        if not found.startswith(("exit code 1: s3://", "verify: s3://")):
            break
    tally.faults.append(f"{out}: {found}")
