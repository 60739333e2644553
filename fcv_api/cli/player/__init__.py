"""`fcv simulate --feed`: plays simulated stays into the memory of beds of a running service."""
