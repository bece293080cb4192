"""What many machines add to a run: Slurm, Ray, profiles, failures, metrics."""
