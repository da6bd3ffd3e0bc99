"""The models of the transformers library, read from their own folders and repositories."""
