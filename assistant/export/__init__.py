"""Turns published weights into the ONNX graphs that `engines/` run. Used by `setup` and by training, never by `run`."""
