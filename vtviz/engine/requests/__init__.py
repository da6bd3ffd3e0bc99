"""What can be asked of an engine: one frozen dataclass per request, which knows how a loaded model answers it."""
