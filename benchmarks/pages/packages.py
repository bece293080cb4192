"""Debian's packages: fetched by apt as files and unpacked into a folder, nothing installed."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Package:
    """A package that lies unpacked."""

    name: str
    version: str
    folder: Path


def unpacked(names: Sequence[str], cache: Path) -> dict[str, Package]:
    """Return the packages, fetched where the cache lacks them. RuntimeError in the words of apt where it cannot."""
    archives, folders = cache / "archives", cache / "packages"
    for folder in (archives, folders):
        folder.mkdir(parents=True, exist_ok=True)
    found = {}
    missing = [name for name in names if not list(archives.glob(f"{name}_*.deb"))]
    if missing:
        fetched = subprocess.run(["apt-get", "download", *missing], cwd=archives, capture_output=True, text=True)
        if fetched.returncode:
            raise RuntimeError(f"apt-get download: {fetched.stderr.strip()[-800:]}. Debian 12 or later is needed.")
    for name in names:
        archive = sorted(archives.glob(f"{name}_*.deb"))[-1]
        fields = ["dpkg-deb", "-f", str(archive), "Version"]
        version = subprocess.run(fields, check=True, capture_output=True, text=True).stdout.strip()
        folder = folders / name
        if not folder.exists():
            subprocess.run(["dpkg-deb", "-x", str(archive), str(folder)], check=True)
        found[name] = Package(name, version, folder)
    return found


def known(prefix: str) -> list[str]:
    """Return the names of packages that start so, from apt's own lists."""
    listed = subprocess.run(["apt-cache", "pkgnames", prefix], check=True, capture_output=True, text=True).stdout
    return sorted(name for name in listed.split() if re.fullmatch(re.escape(prefix) + r"[a-z-]+", name))
