"""Attention as arithmetic on small matrices, and the same steps read out of a real model."""
