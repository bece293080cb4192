"""What is said on a terminal: tables as wide as it is, progress, commands to paste."""
