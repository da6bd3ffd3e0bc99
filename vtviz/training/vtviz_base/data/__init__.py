"""What vtviz-base is trained on: cached features of photos and composed scenes, and the texts that go with them."""
