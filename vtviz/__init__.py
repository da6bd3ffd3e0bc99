"""vtviz: see, attribute and audit vision-text cross-attention."""

__version__ = "0.1.0"
