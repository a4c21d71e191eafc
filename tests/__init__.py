"""The tests; run `pytest` in the checkout."""
