"""What card and Croissant call the same way: paths of the data, and what was done to it."""

from collections.abc import Mapping

from atom_data.publish.facts.facts import DataFile, Facts, StageFacts

DATA = "data"


def data_path(config: str, name: str) -> str:
    """Return where a shard is in the folder that is published."""
    return f"{DATA}/{config}/{name}"


def by_config(facts: Facts) -> Mapping[str, tuple[DataFile, ...]]:
    """Return the files that are published, by the stage they are from."""
    return {name: tuple(file for file in facts.published if file.stage == name) for name in facts.configs}


def stage_words(stage: StageFacts) -> str:
    """Return what a stage did, in a sentence."""
    steps = ", ".join(step.name for step in stage.steps) or "no step of its own"
    lost = "; ".join(f"{reason} {count:,}" for reason, count in stage.dropped.items())
    kept = f"Stage {stage.name}: {steps}. {stage.rows_in:,} documents in, {stage.rows_out:,} kept"
    failed = f" {stage.failed:,} of {stage.shards:,} shards could not be made and are missing." if stage.failed else ""
    return f"{kept}; left out: {lost}.{failed}" if lost else f"{kept}.{failed}"
