"""Terminal output: tables that fit its width, progress, commands to paste."""
