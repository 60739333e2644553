"""From labelled encounters to a model and an honest account of it. Needs the `train` extra; serving never loads it."""
