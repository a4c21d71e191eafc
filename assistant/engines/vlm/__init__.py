"""Looks at pictures and answers about them: models of the SmolVLM2 family on onnxruntime."""
