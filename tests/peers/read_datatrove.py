"""What datatrove's dataset, which nanotron trains from, makes of exported shards, as JSON."""

import json
import sys

from datatrove.utils.dataset import DatatroveFolderDataset


def main() -> None:
    """Read every window with positions, once from the index and once from the end token."""
    folder, length, itemsize = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    found = {}
    for name, end in (("index", None), ("end", 0)):
        dataset = DatatroveFolderDataset(
            folder,
            length,
            filename_pattern="*.ds",
            token_size=itemsize,
            return_positions=True,
            positions_from_eos_token_id=end,
        )
        windows = [dataset[number] for number in range(len(dataset))]
        found[name] = [{key: value.tolist() for key, value in window.items()} for window in windows]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
