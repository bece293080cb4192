"""The root: RFC 6962's own values, proofs that hold and others that do not, and a checker that knows nothing of us."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from atom_data.audit import merkle
from tests.command import ROOT, atom_data

PAGE = (ROOT / "docs" / "root.md").read_text()
CHECKER = ROOT / "docs" / "root_check.py"
ENTRIES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
"""Of certificate-transparency's own tests (merkletree/merkle_tree_test.cc), of the first entries."""


def test_trees_are_those_of_certificate_transparency() -> None:
    leaves = [merkle.leaf(entry) for entry in ENTRIES]
    assert {count: merkle.root(leaves[:count]).hex() for count in ROOTS} == ROOTS
    assert merkle.root([]).hex() == hashlib.sha256(b"").hexdigest()


@given(st.integers(1, 70), st.data())
def test_every_path_leads_to_the_root_and_no_other_entry_does(count: int, data: st.DataObject) -> None:
    entries = [str(number).encode() for number in range(count)]
    leaves, number = [merkle.leaf(entry) for entry in entries], data.draw(st.integers(0, count - 1))
    path = merkle.path(leaves, number)
    assert merkle.root_of_path(entries[number], number, count, path) == merkle.root(leaves)
    assert merkle.root_of_path(b"another", number, count, path) != merkle.root(leaves)


def checked(out: Path) -> str:
    done = subprocess.run([sys.executable, str(CHECKER), str(out)], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_checker_of_the_page_agrees(sample_run: Path) -> None:
    root = atom_data("fingerprint", sample_run).stdout.strip()
    assert re.fullmatch("[0-9a-f]{64}", root)
    assert checked(sample_run) == root
    assert atom_data("fingerprint", sample_run, "--receipts").stdout.strip() == root
    assert len(CHECKER.read_text().splitlines()) <= 50


@pytest.mark.parametrize("shard", ["tokens/shard-00001", "extracted/sample-00005.warc", "near/sample-00000.warc"])
def test_a_proof_holds_for_its_shard_alone(sample_run: Path, tmp_path: Path, shard: str) -> None:
    done = atom_data("fingerprint", sample_run, "--receipts", "--shard", shard)
    assert done.returncode == 0, done.stderr
    proof = json.loads(done.stdout)
    assert proof["root"] == atom_data("fingerprint", sample_run, "--receipts").stdout.strip()
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    (tmp_path / "proof.json").write_text(done.stdout)
    out = tmp_path / "my_corpus"
    for file in proof["files"]:
        (out / file["path"]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(sample_run / file["path"], out / file["path"])

    def said() -> str:
        run = subprocess.run([sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True, check=True)
        return run.stdout.strip()

    assert said() == "True"
    with (out / proof["files"][0]["path"]).open("ab") as stream:
        stream.write(b"x")
    assert said() == "False"


def test_one_byte_makes_another_root(sample_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(sample_run, out)
    with (out / "tokens" / "shard-00001.bin").open("r+b") as stream:
        stream.write(b"\xff")
    assert checked(out) != checked(sample_run)
    assert atom_data("fingerprint", out).returncode == 1


def test_the_tree_has_a_line_a_stage_and_no_jobs_of_passes(sample_run: Path) -> None:
    shown = atom_data("fingerprint", sample_run, "--receipts", "--tree").stdout
    page = json.loads(atom_data("fingerprint", sample_run, "--receipts", "--json").stdout)
    names = [stage["stage"] for stage in page["stages"]]
    assert names == sorted(["extracted", "clean", "exact", "exact_deduped", "near", "fuzzy_deduped", "tokens"])
    assert all(stage["root"][:16] in shown for stage in page["stages"])
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_a_shard_that_is_not_there_is_refused(sample_run: Path) -> None:
    done = atom_data("fingerprint", sample_run, "--receipts", "--shard", "token/shard-00001")
    assert done.returncode == 2
    assert "no stage 'token' in the root" in done.stderr
    assert "Did you mean 'tokens'?" in done.stderr
    done = atom_data("fingerprint", sample_run, "--receipts", "--shard", "tokens/shard-99999")
    assert "no shard 'shard-99999' in tokens" in done.stderr
