"""Evaluation: a data set and a model in, every figure of ``vtviz evaluate`` out."""
