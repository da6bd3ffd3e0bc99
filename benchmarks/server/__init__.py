"""What a server of the engine stands, measured and simulated."""
