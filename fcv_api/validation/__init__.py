"""From outcomes to a verdict: does a model work here? Needs the `train` extra; serving never loads it."""
