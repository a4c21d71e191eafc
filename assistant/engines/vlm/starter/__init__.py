"""What only the starter model has: its encoder's own heads, and how they weigh on an answer."""
