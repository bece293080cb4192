"""The report of a training, as JSON beside the model."""

import json
from pathlib import Path
from typing import Any


def report_path(model: Path) -> Path:
    """Return where the report of a model stands."""
    return model.with_name(f"{model.name}.report.json")


def write_report(report: dict[str, Any], model: Path) -> Path:
    """Write a report beside the model and return where."""
    place = report_path(model)
    place.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", "utf-8")
    return place
