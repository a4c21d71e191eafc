"""Text in one language to text in another."""
