"""Planted truth: causes that are put into photos, texts and a copy of the model, so that it is known what a method
should find."""
