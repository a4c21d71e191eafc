"""ONNX graphs: sessions, optimised graphs kept on disk, attention fused."""
