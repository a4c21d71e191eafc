"""One suite an interface, run over everything that implements it."""
