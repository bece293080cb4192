"""`python -m atom_data`: the command line where no script is on the path."""

from atom_data.cli import command

if __name__ == "__main__":
    command()
