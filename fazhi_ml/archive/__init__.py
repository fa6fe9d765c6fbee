"""Archives: thousands of reports tagged in one resumable run, and what their tables answer."""
