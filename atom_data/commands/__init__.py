"""The commands, one file for each task of a user; `cli.py` lists them."""
