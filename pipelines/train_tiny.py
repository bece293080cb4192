"""A small GPT in plain torch, trained on CPU from a finished tokens folder: stopped, and resumed at another world size.

    atom-data run pipelines/sample.py -o out
    python pipelines/train_tiny.py out/tokens --steps 20 --world 2 --save half.pt --losses first.json
    python pipelines/train_tiny.py out/tokens --steps 40 --world 3 --load half.pt --losses second.json

The global batch is the same for any number of ranks that divides it (12 samples by default), so that the losses are
those of a run that never stopped. They are equal but for rounding: the mean over ranks of means over rows adds the same
float32 numbers in another order, which changes the last bits of each gradient, and AdamW carries them on.
"""

import argparse
import json
import os
import socket
from itertools import islice
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.multiprocessing.spawn import spawn
from torch.nn import functional

from atom_data.loader import Samples, TokenShards
from atom_data.loader.dataset import TokenDataset, TokenLoader

WIDTH, HEADS, LAYERS = 64, 4, 2


class Block(nn.Module):
    """Attention within documents, then a feed-forward layer, each with a residual."""

    def __init__(self) -> None:
        """Make the layers."""
        super().__init__()
        self.before, self.between = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.mixed, self.joined = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.feed = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Take [rows, tokens, WIDTH], and which tokens see which."""
        rows, tokens, _ = x.shape
        heads = self.mixed(self.before(x)).view(rows, tokens, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(heads[0], heads[1], heads[2], attn_mask=mask)
        x = x + self.joined(seen.transpose(1, 2).reshape(rows, tokens, WIDTH))
        fed: Tensor = self.feed(self.between(x))
        return x + fed


class TinyGpt(nn.Module):
    """Two layers; no token attends to another document."""

    def __init__(self, vocabulary: int, length: int) -> None:
        """Make the layers for so many ids, and samples of `length`."""
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary, WIDTH), nn.Embedding(length, WIDTH)
        nn.init.normal_(self.tokens.weight, std=0.02)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.last = nn.LayerNorm(WIDTH)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Return the mean loss of a batch of the loader."""
        positions = batch["position_ids"]
        document = (positions == 0).cumsum(1)
        causal = torch.ones(positions.shape[1], positions.shape[1], dtype=torch.bool).tril()
        mask = ((document[:, :, None] == document[:, None, :]) & causal)[:, None]
        x = self.tokens(batch["input_ids"]) + self.places(positions)
        for block in self.blocks:
            x = block(x, mask)
        logits = functional.linear(self.last(x), self.tokens.weight)
        return functional.cross_entropy(logits.flatten(0, 1), batch["labels"].flatten())


def train(rank: int, options: argparse.Namespace, port: int) -> None:
    """Train as one rank, up to `options.steps` steps of the whole run."""
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=options.world)
    shards = TokenShards(options.tokens, sequence_length=options.length)
    loader = TokenLoader(
        TokenDataset(Samples(shards, seed=options.seed)),
        batch_size=options.global_batch // options.world,
        rank=rank,
        world=options.world,
        num_workers=options.workers,
    )
    torch.manual_seed(options.seed)
    model = TinyGpt(shards.vocabulary, options.length)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    if options.load:
        saved: dict[str, Any] = torch.load(options.load, weights_only=True)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        loader.load_state_dict(saved["loader"])
    done = int(loader.state_dict()["consumed"]) // options.global_batch
    losses = [step(model, optimizer, batch, options.world) for batch in islice(loader, options.steps - done)]
    if rank == 0:
        Path(options.losses).write_text(json.dumps(losses))
        if options.save:
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "loader": loader.state_dict()}
            torch.save(state, options.save)
    dist.destroy_process_group()


def step(model: TinyGpt, optimizer: torch.optim.Optimizer, batch: dict[str, Tensor], world: int) -> float:
    """Take one step with the gradients of all ranks; return the loss of the global batch."""
    optimizer.zero_grad()
    loss = model(batch)
    loss.backward()
    for parameter in model.parameters():
        if parameter.grad is not None:
            dist.all_reduce(parameter.grad)
            parameter.grad.div_(world)
    optimizer.step()
    total = loss.detach().clone()
    dist.all_reduce(total)
    return float(total) / world


def main() -> None:
    """Read the options and start the ranks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tokens", help="a finished tokens folder")
    parser.add_argument("--steps", type=int, default=40, help="steps of the whole run, those before --load included")
    parser.add_argument("--world", type=int, default=2, help="processes")
    parser.add_argument("--global-batch", type=int, default=12, help="samples of a step of all processes")
    parser.add_argument("--length", type=int, default=128, help="tokens in a sample")
    parser.add_argument("--seed", type=int, default=0, help="of the order and the model")
    parser.add_argument("--workers", type=int, default=0, help="the loader's processes for each rank")
    parser.add_argument("--load", help="a checkpoint to go on from")
    parser.add_argument("--save", help="where the checkpoint goes")
    parser.add_argument("--losses", default="losses.json", help="where the losses go, one per step")
    options = parser.parse_args()
    if options.global_batch % options.world:
        parser.error(f"--global-batch {options.global_batch} cannot be shared by {options.world} processes")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    spawn(train, (options, port), options.world)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
