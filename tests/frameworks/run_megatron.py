"""Megatron's own loops around our loader, on CPUs: one data-parallel rank. Run by frameworks.py in Megatron's environment.

    run_megatron.py RANK WORLD CONSUMED STEPS

Prints the samples and the shapes of each microbatch as JSON.
"""

import json
import sys
import typing
from argparse import Namespace
from pathlib import Path
from typing import Any

import torch

typing.override = lambda method: method  # type: ignore[attr-defined]  # Megatron is written for Python 3.12
makes = torch.tensor


def on_cpu(*values: Any, device: object = None, **rest: Any) -> torch.Tensor:
    """Make the three flags that Megatron keeps on its GPU here."""
    return makes(*values, **rest)


torch.tensor = on_cpu  # type: ignore[assignment]

from megatron.core import mpu  # noqa: E402
from megatron.training import checkpointing, global_vars, training  # noqa: E402
from page_of_megatron import train_valid_test_datasets_provider  # type: ignore[import-not-found]  # noqa: E402


def main() -> None:
    """Build the iterators as `pretrain` does, take some microbatches, have the state saved."""
    rank, world, consumed, steps = map(int, sys.argv[1:])
    torch.distributed.init_process_group("gloo", f"file://{Path('rendezvous').absolute()}", rank=rank, world_size=world)
    mpu.initialize_model_parallel(create_gloo_process_groups=True)
    batch = 2 * world
    args = Namespace(
        dataloader_type="external", iteration=consumed // batch, consumed_train_samples=consumed, consumed_valid_samples=0,
        phase_transition_iterations=None, perform_rl_step=False, skip_train=False, full_validation=False,
        multiple_validation_sets=False, train_samples=40, train_iters=40 // batch, eval_iters=0, eval_interval=100,
        start_eval_at_iter=None, global_batch_size=batch, micro_batch_size=2, seq_length=128, seed=1,
    )  # fmt: skip
    global_vars.set_args(args)
    batches, _, _ = training.build_train_valid_test_data_iterators(train_valid_test_datasets_provider)
    found = [next(batches) for _ in range(steps)]
    checkpointing.maybe_save_dataloader_state(batches, (consumed + steps * batch) // batch, "saved")
    answer = {
        "samples": [microbatch["sample"].tolist() for microbatch in found],
        "shapes": sorted({(name, *tensor.shape) for name, tensor in found[0].items() if name != "sample"}),
        "tokens": [microbatch["tokens"].tolist() for microbatch in found],
        "masked": [int((microbatch["loss_mask"] == 0).sum()) for microbatch in found],
        "trains": bool(args.do_train),
    }
    print("ANSWER", json.dumps(answer))


main()
