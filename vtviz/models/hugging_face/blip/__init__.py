"""BLIP: a text encoder or decoder whose layers attend to the photo (Li et al., ICML 2022)."""
