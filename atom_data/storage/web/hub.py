"""Data sets of the Hugging Face Hub: `hf://datasets/OWNER/NAME@REVISION/FILE`, by huggingface_hub."""

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from atom_data.errors import DataError
from atom_data.storage.paths import reason
from atom_data.storage.web.stream import WebFile
from atom_data.storage.web.traffic import Patience, Traffic

PLACE = re.compile(r"hf://datasets/([\w.-]+(?:/[\w.-]+)?)(?:@([^/@]+(?:%2F[^/@]+)*))?(?:/(.*))?")
COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class HubPlace:
    """A data set, or a file or pattern in it."""

    repository: str
    revision: str
    """A branch, tag or commit; empty for what is the newest."""
    path: str

    def at(self, commit: str, path: str) -> str:
        """Return a file of it at a commit as an address."""
        return f"hf://datasets/{self.repository}@{commit}/{path}"


@dataclass(frozen=True, slots=True)
class HubInfo:
    """What the hub says of a data set at a revision."""

    commit: str
    files: tuple[str, ...]


def hub_place(address: str) -> HubPlace:
    """Return what an address names. DataError for one that is not `hf://datasets/OWNER/NAME[@REVISION][/PATH]`."""
    found = PLACE.fullmatch(address)
    if found is None:
        raise DataError(f"{address}: is not an address of a data set. Write hf://datasets/OWNER/NAME@REVISION/PATH.")
    return HubPlace(found[1], (found[2] or "").replace("%2F", "/"), found[3] or "")


@lru_cache(maxsize=64)
def hub_info(repository: str, revision: str) -> HubInfo:
    """Return commit and files of a data set; asked once in a process. DataError where the hub does not give it."""
    hub = _library(repository)
    try:
        info = hub.HfApi(endpoint=os.environ.get("HF_ENDPOINT")).dataset_info(repository, revision=revision or None)
    except Exception as error:  # the library's errors have several bases
        raise DataError(
            f"hf://datasets/{repository}{'@' + revision if revision else ''}: cannot be listed ({reason(error)}). Check the "
            "name, the revision and your access (hf auth login), then run again."
        ) from error
    return HubInfo(str(info.sha), tuple(sorted(one.rfilename for one in info.siblings or ())))


def open_hub(address: str) -> WebFile:
    """Open a file of a data set for reading, by the address that HF_ENDPOINT has, with the user's token where there is one."""
    place = hub_place(address)
    hub = _library(place.repository)
    commit = place.revision if COMMIT.fullmatch(place.revision) else hub_info(place.repository, place.revision).commit
    endpoint = os.environ.get("HF_ENDPOINT")
    url = hub.hf_hub_url(place.repository, place.path, repo_type="dataset", revision=commit, endpoint=endpoint)
    return WebFile(url, Patience(seconds=120.0), Traffic(bearer=hub.get_token() or ""))


def _library(repository: str) -> Any:  # noqa: ANN401 - an extra
    try:
        import huggingface_hub  # noqa: PLC0415
    except ImportError as error:
        raise DataError(
            f"hf://datasets/{repository}: is read by huggingface_hub, which is not installed. pip install 'atom-data[hub]'."
        ) from error
    return huggingface_hub
