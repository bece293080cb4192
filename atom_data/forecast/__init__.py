"""What a run will take and make, estimated from runs over samples, and how wrong that was."""
