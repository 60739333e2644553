"""What Prometheus reads: what each worker counts, what the database and the disk say, and the port for it.

No label holds an encounter, a user, a bed or a vital sign.
"""
