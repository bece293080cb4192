"""Parameters of a recipe, and what a folder knows of them."""
