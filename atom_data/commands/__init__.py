"""The commands, a file for each thing that a person does; `cli.py` lists them."""
