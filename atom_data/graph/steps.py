"""What the steps of a stage must be."""

from atom_data.errors import ConfigError
from atom_data.extract.engine import BytesEngine, Engine
from atom_data.identity import label


def check_steps(stage: str, steps: object) -> None:
    """Refuse what a stage cannot call. ConfigError with what to write instead."""
    if not isinstance(steps, (tuple, list)):
        raise ConfigError(
            f"stage '{stage}': steps is {label(steps)}, not a tuple. Write steps=({label(steps)},) with a comma."
        )
    for number, step in enumerate(steps, 1):
        if isinstance(step, type):
            raise ConfigError(
                f"stage '{stage}', step {number}: {step.__name__} is a class and not a step. Write {step.__name__}()."
            )
        if not callable(step):
            what = (
                "Give it to a step: Extract(engine=...)"
                if isinstance(step, (Engine, BytesEngine))
                else "Pass a function or a frozen dataclass with `__call__`"
            )
            raise ConfigError(f"stage '{stage}', step {number}: {step!r} is not a step. {what}.")
