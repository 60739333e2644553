"""Scores of many encounters at rest: parted by encounter outside memory, and scored by many processes.

No serving process loads this.
"""
