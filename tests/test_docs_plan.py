"""The commands in docs/plan.md run as they stand there, one after the other."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.command import ROOT

BLOCKS = re.findall(r"```bash\n(.*?)```", (ROOT / "docs" / "plan.md").read_text(), re.S)


def test_page_from_plan_to_comparison(tmp_path: Path) -> None:
    (tmp_path / "pipelines").symlink_to(ROOT / "pipelines")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    said = []
    for block in BLOCKS:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block], cwd=tmp_path, env={**os.environ, "PATH": path},
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert len(said) == 3
    assert "cost at 0.05 per CPU hour" in said[0] and "atom-data run pipelines/sample.py -o planned" in said[0]
    assert json.loads((tmp_path / "forecast.json").read_text())["cluster"]
    assert "figures are within their intervals" in said[2]
