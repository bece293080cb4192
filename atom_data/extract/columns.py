"""Columns that an engine may add to a page beside its text: their names and types."""

import pyarrow as pa

MEASURES = {
    "extract_confidence": pa.float32(),
    "extract_text_share": pa.float32(),
    "extract_link_share": pa.float32(),
    "extract_links": pa.int32(),
    "extract_tables": pa.int32(),
    "extract_code_blocks": pa.int32(),
    "extract_formulas": pa.int32(),
}
METADATA = {
    "published": pa.string(),
    "modified": pa.string(),
    "author": pa.string(),
    "site_name": pa.string(),
    "declared_language": pa.string(),
    "canonical_url": pa.string(),
}
KINDS = {"page_kind": pa.string(), "page_kind_probability": pa.float32()}
MARKDOWN = {"markdown": pa.string()}
COLUMNS: dict[str, pa.DataType] = {**MARKDOWN, **MEASURES, **METADATA, **KINDS}
"""All of them, in the order in which they are added."""
