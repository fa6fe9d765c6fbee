"""Training, evaluation and tracking of models."""
