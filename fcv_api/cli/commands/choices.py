"""Choices and defaults of options, as literals: the modules that they belong to load NumPy, Flask or SQLAlchemy.

A test compares each with the module that it is of.
"""

from __future__ import annotations

LARGEST_ID = 2**63 - 1
LONGEST_BED, LONGEST_CHANNEL = 250, 64
ROLES = ("client", "reader", "clinician", "display", "admin")
ROLES_WITH_PASSWORD = ("client", "reader", "clinician", "admin")
"""`fcv users display` makes the others."""
MOST_DAYS, DISPLAY_DAYS = 3650, 90
CLASSES = ("Arresto_Cardiaco", "Bajo_Gasto_Cardiaco", "Sano", "Shock_Cardiogenico")
SAMPLINGS = ("last", "mean")
TRAINED_ON = ("unstated", "random", "simulated", "hospital")
ORIGINS = ("hospital", "simulated", "unstated")
ENCODINGS = ("utf-8", "latin-1", "cp1252", "utf-16")
DATE_ORDERS = ("iso", "dmy", "mdy")
LAYERS = ("lstm", "gru", "conv", "dense")
ACTIVATIONS = ("relu", "tanh")
RECIPE = {
    "layer": "lstm",
    "units": 50,
    "activation": "relu",
    "epochs": 20,
    "batch": 512,
    "rate": 0.003,
    "patience": 4,
    "noise": 0.1,
    "seed": 1,
}
LEARNT_FROM, TESTED_ON = 6000, 1000
"""Patients of the shipped model."""
ABLATED = 1200
PICTURES = (".png", ".svg", ".pdf")
EARLY_SHARE = 0.4
REFITS = ("intercept", "slope")
LANGUAGES = ("en", "es")
ROWS_A_PART = 100_000
