"""Manifests: CSV or JSON-lines files with a photo and a text per row, as audits and evaluations read them."""
