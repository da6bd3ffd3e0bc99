"""Image and text towers: their vectors, and their attention, which can be recorded and changed."""
