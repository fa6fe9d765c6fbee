"""What runs in the process that reads one PDF; apart from the readers, so that it starts without importing them."""
