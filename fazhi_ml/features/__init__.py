"""Features: from texts to term counts."""
