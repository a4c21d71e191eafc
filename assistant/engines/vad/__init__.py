"""Speech told from other sound."""
