"""Models: their folders, their runtime, and their import. The only place that knows LiteRT or Keras."""
