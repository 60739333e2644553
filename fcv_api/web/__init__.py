"""HTTP, and nothing else: a view loads, calls and dumps."""
