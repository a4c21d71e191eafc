"""What only the starter model has: classification heads on its vision encoder, and how they weigh on its answers.

`extras.StarterExtras` is what a model folder brings of it; a SmolVLM2's folder brings none, and nothing here is then asked.
"""
