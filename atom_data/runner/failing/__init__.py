"""Failed shards: errors of the same kind, and stages that are finished without a few shards."""
