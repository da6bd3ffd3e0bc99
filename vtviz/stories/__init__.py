"""Moments in front of a model, put in order to be told: values, files, and one HTML page."""
