"""From rows to a window, and from a window to a prediction: plain data and NumPy arrays in, plain data out.

Nothing here knows Flask, SQL, the environment, a clock or a log.
"""
