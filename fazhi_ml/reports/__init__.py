"""Reading reports: files to text, text to headings, sections, paragraphs and items."""
