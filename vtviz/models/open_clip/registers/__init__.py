"""Sink patches of CLIP's image towers, and test-time registers that take over what they do."""
