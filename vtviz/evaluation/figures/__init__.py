"""Figures of match scores: every one of them from the confusion matrix at a threshold, or at all thresholds."""
