"""Shards that fail: errors that are alike, and stages that are finished without a few shards."""
