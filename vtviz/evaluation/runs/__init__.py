"""Evaluations of a model on pairs in the background: scored once, kept on disk, resumed where they stopped."""
