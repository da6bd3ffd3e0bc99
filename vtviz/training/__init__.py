"""Training: what every network shares (``loop``, ``losses``, ``precision``), and a folder for each network."""
