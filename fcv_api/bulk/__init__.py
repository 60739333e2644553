"""Scores of many encounters at rest: partitioned by encounter outside memory, and scored by many processes.

No serving process loads this.
"""
