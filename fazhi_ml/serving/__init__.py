"""Serving a bundle through other systems' interfaces."""
