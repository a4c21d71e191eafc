"""Finds things in pictures, with where they are."""
