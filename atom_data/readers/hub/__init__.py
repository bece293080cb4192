"""Data sets as the Hugging Face Hub has them: configurations and splits, in a folder or on the hub."""
