"""The classifier: training, the scoring runtime and the bundle on disk."""
