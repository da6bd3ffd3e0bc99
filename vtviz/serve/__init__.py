"""The engine over HTTP: for vtviz's own apps, and as an API for programs."""
