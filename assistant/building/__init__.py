"""Turns published weights into the ONNX graphs that `runtimes/` runs. Used by `setup` and by training, never by `run`."""
