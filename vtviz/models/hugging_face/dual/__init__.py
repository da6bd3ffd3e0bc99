"""Dual encoders of transformers: CLIP, SigLIP, Chinese-CLIP, AltCLIP."""
