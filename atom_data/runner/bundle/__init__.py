"""What a run was made with, kept beside what it made: recipe, cards, files, versions, machine; and the same recipe once more."""
