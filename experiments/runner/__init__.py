"""What `experiments/run.py` runs on: settings, cross-validation, decisions, measures and tables."""
