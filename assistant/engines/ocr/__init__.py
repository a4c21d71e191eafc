"""Optical character recognition: PP-OCR's networks on onnxruntime, and Tesseract where it is installed."""
