"""The rows of an audit: one row measured, all of them in turn, and their records on disk."""
