"""The columns as others write them. Every Spanish name of the contract lives here, and nowhere else."""
