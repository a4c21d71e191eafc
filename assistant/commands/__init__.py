"""What each command of the contract does (DESIGN.md section 3). `command_line.py` parses and calls."""
