"""A GPT of about a billion parameters on a GPU, fed by the loader, and by batches that are on the GPU already.

    python benchmarks/gpu_feed.py                              on a GPU, in bf16; needs torch with CUDA
    python benchmarks/gpu_feed.py --size tiny --device cpu     the same program where there is no GPU; says nothing of one

Waiting is the time from the end of a step to a batch that lies on the device: what the trainer does not compute in. The
report is written for a GPU only. Aim: less than 0.1 % of the time of a step.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from inputs import arguments
from loader import make_tokens
from measure import ROOT, write_report
from torch import Tensor, nn
from torch.nn import functional

from atom_data.loader import Samples, TokenShards
from atom_data.loader.dataset import TokenDataset, TokenLoader

VOCABULARY = 100_000


class Size(NamedTuple):
    """A model and its batches."""

    width: int
    layers: int
    heads: int
    length: int
    batch: int
    steps: int


SIZES = {"1b": Size(2048, 16, 16, 4096, 4, 50), "tiny": Size(64, 2, 4, 256, 2, 8)}
WARM = 5
"""Steps that are not counted: allocations, the choice of kernels, the start of the loader's workers."""


class Block(nn.Module):
    """Causal attention, then a gated feed-forward layer, each with a residual."""

    def __init__(self, size: Size) -> None:
        """Make the layers."""
        super().__init__()
        self.heads = size.heads
        self.before, self.between = nn.RMSNorm(size.width), nn.RMSNorm(size.width)
        self.mixed = nn.Linear(size.width, 3 * size.width, bias=False)
        self.joined = nn.Linear(size.width, size.width, bias=False)
        self.wide = nn.Linear(size.width, 6 * size.width, bias=False)
        self.narrow = nn.Linear(3 * size.width, size.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Take [rows, tokens, width] and return the same."""
        rows, tokens, width = x.shape
        q, k, v = self.mixed(self.before(x)).view(rows, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.joined(seen.transpose(1, 2).reshape(rows, tokens, width))
        gate, value = self.wide(self.between(x)).chunk(2, dim=-1)
        made: Tensor = x + self.narrow(functional.silu(gate) * value)
        return made


class Gpt(nn.Module):
    """Embeddings, blocks, and the head tied to the embeddings."""

    def __init__(self, size: Size) -> None:
        """Make the layers; weights small enough that bf16 trains."""
        super().__init__()
        self.tokens = nn.Embedding(VOCABULARY, size.width)
        nn.init.normal_(self.tokens.weight, std=0.02)
        self.blocks = nn.ModuleList(Block(size) for _ in range(size.layers))
        self.last = nn.RMSNorm(size.width)

    def forward(self, ids: Tensor, labels: Tensor) -> Tensor:
        """Return the mean loss."""
        x = self.tokens(ids)
        for block in self.blocks:
            x = block(x)
        logits = functional.linear(self.last(x), self.tokens.weight)
        return functional.cross_entropy(logits.flatten(0, 1), labels.flatten())


def from_loader(folder: Path, size: Size, device: torch.device) -> Iterator[dict[str, Tensor]]:
    """Yield batches as a trainer gets them: workers, pinned memory, a copy that does not block."""
    samples = Samples(TokenShards(str(folder / "tokens"), sequence_length=size.length), seed=1)
    pinned = device.type == "cuda"
    loader = TokenLoader(
        TokenDataset(samples), batch_size=size.batch, num_workers=2, prefetch_factor=4, pin_memory=pinned
    )
    for batch in loader:
        yield {name: batch[name].to(device, non_blocking=True) for name in ("input_ids", "labels")}


def resident(size: Size, device: torch.device) -> Iterator[dict[str, Tensor]]:
    """Yield one batch that is on the device, again and again."""
    ids = torch.randint(1, VOCABULARY, (size.batch, size.length + 1), device=device)
    while True:
        yield {"input_ids": ids[:, :-1], "labels": ids[:, 1:]}


def train(model: Gpt, batches: Iterator[dict[str, Tensor]], size: Size, device: torch.device) -> dict[str, Any]:
    """Take steps; return the median time of one, and the share of all of it that was spent waiting for a batch."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=device.type == "cuda")

    def wait_for_device() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize()

    waits, steps, losses = list[float](), list[float](), list[float]()
    for _ in range(WARM + size.steps):
        begin = time.perf_counter()
        batch = next(batches)
        wait_for_device()
        got = time.perf_counter()
        with torch.autocast(device.type, torch.bfloat16):
            loss = model(batch["input_ids"], batch["labels"])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        wait_for_device()
        end = time.perf_counter()
        waits.append(got - begin)
        steps.append(end - begin)
        losses.append(float(loss.detach()))
    waits, steps = waits[WARM:], steps[WARM:]
    return {
        "step_ms": round(statistics.median(steps) * 1e3, 3),
        "waiting_share": sum(waits) / sum(steps),
        "tokens_per_s": round(size.batch * size.length * len(steps) / sum(steps)),
        "first_loss": round(losses[0], 3),
        "last_loss": round(losses[-1], 3),
    }


def main() -> None:
    """Train from both, print, and write the report of a GPU."""
    parser = arguments(__doc__)
    parser.add_argument("--size", choices=list(SIZES), default="1b")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    given = parser.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        parser.error("no GPU that torch can use is here. Give --size tiny --device cpu to try the program.")
    device, size = torch.device(given.device), SIZES[given.size]
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory(prefix="gpu-feed-") as place:
        make_tokens(Path(place))
        found = {}
        for name in ("resident", "loader"):
            model = Gpt(size).to(device)
            batches = resident(size, device) if name == "resident" else from_loader(Path(place), size, device)
            found[name] = train(model, batches, size, device)
            found[name]["parameters"] = sum(weight.numel() for weight in model.parameters())
            del model
    for name, one in found.items():
        print(f"{name}: {one}")
    if device.type == "cuda":
        gpu = torch.cuda.get_device_name()
        report = {"gpu": gpu, "torch": torch.__version__, "size": size._asdict(), "runs": found}
        print(f"written: {write_report('gpu_feed', report).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
