"""Licenses by their SPDX identifiers: as the hub names them, and where they can be read."""

HUB = {
    "apache-2.0": "apache-2.0", "mit": "mit", "bsd-2-clause": "bsd-2-clause", "bsd-3-clause": "bsd-3-clause",
    "cc0-1.0": "cc0-1.0", "cc-by-4.0": "cc-by-4.0", "cc-by-3.0": "cc-by-3.0", "cc-by-2.5": "cc-by-2.5",
    "cc-by-2.0": "cc-by-2.0", "cc-by-sa-4.0": "cc-by-sa-4.0", "cc-by-sa-3.0": "cc-by-sa-3.0",
    "cc-by-nc-4.0": "cc-by-nc-4.0", "cc-by-nc-sa-4.0": "cc-by-nc-sa-4.0", "cc-by-nc-nd-4.0": "cc-by-nc-nd-4.0",
    "cc-by-nd-4.0": "cc-by-nd-4.0", "odc-by-1.0": "odc-by", "odbl-1.0": "odbl", "pddl-1.0": "pddl",
    "cdla-permissive-1.0": "cdla-permissive-1.0", "cdla-permissive-2.0": "cdla-permissive-2.0",
    "cdla-sharing-1.0": "cdla-sharing-1.0", "gpl-3.0-only": "gpl-3.0", "gpl-3.0-or-later": "gpl-3.0",
    "gfdl-1.3-only": "gfdl", "gfdl-1.3-or-later": "gfdl", "unlicense": "unlicense", "etalab-2.0": "etalab-2.0",
}  # fmt: skip
"""SPDX identifier in lowercase: identifier of the hub (hub-docs, repositories-licenses)."""


def hub_license(spdx: str) -> str:
    """Return what the hub calls a license: `other` where it has no name for it."""
    return HUB.get(spdx.lower(), "other")


def license_address(spdx: str, given: str) -> str:
    """Return where a license can be read: the address given, else SPDX's page for the identifier."""
    return given or ("" if spdx.lower() == "other" else f"https://spdx.org/licenses/{spdx}.html")
