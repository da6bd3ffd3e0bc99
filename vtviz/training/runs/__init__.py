"""Trainings in the background: each in a process of its own, which ends with the one that began it."""
