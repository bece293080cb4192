"""What MosaicML's streaming makes of exported shards, as JSON. Run by readers.py in an environment of its own."""

import json
import sys
from importlib.machinery import ModuleSpec
from unittest.mock import MagicMock

# streaming imports torchvision for images, which does not go with the CPU build of torch.
for name in ("torchvision", "torchvision.datasets", "torchvision.transforms", "torchvision.transforms.functional"):
    sys.modules[name] = MagicMock(VisionDataset=object, __spec__=ModuleSpec(name, None))

from streaming import LocalDataset, StreamingDataset  # noqa: E402


def main() -> None:
    """Read every sample through the plain dataset and through the streaming one, unshuffled."""
    folder = sys.argv[1]
    local, streaming = LocalDataset(folder), StreamingDataset(local=folder, batch_size=1, shuffle=False)
    found = {
        "local": [local[number]["tokens"].tolist() for number in range(len(local))],
        "streaming": [sample["tokens"].tolist() for sample in streaming],
        "dtype": str(local[0]["tokens"].dtype),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
