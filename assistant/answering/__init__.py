"""Questions to prompts and answers to sentences: text in, text out."""
