"""The texts that vtviz-base is trained on, in both languages: where they come from and what they are made of."""
