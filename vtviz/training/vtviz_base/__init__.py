"""The training of vtviz-base: ``train`` runs ``fusion``, ``heads`` and ``grounding``, then ``calibration``."""
