"""Which pictures are worth looking at: pure steps told frames and times. Knows no camera and no model."""
