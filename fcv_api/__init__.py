"""FCV-MLAPI: from a bedside monitor's rows to a trustworthy answer."""

__version__ = "0.1.0"
