"""Search, recommendation and policy checks."""
