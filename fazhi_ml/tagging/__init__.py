"""Tagging: from reports to themes, and the ways out."""
