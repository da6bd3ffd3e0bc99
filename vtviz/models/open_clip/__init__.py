"""CLIP, SigLIP, CoCa and others through open_clip_torch."""
