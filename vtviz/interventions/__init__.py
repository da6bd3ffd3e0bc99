"""What would happen if: changes to the photo, the text or the network, and what they do to the model's answer."""
