"""No kernel of the engine reads or writes behind the end of an array, whatever the page."""

import subprocess
import sys

from tests.command import ROOT
from tests.text.html.checked import environment

INPUTS = 700


def test_every_index_is_within_its_array_on_broken_and_hostile_pages() -> None:
    command = [sys.executable, "-m", "tests.text.html.checked", str(INPUTS)]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    count, stopped = done.stdout.split()
    assert int(count) > 2 * INPUTS
    assert stopped == "True"
