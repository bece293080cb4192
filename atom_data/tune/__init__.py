"""What cards would keep with other bounds, asked of the columns that a stage has stored; nothing is measured again."""
