"""Personal data and secrets found in texts."""
