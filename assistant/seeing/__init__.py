"""Which pictures are worth looking at: pure steps that take frames and times. Knows no camera and no model."""
