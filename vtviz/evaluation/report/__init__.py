"""The report of an evaluation for people, in one HTML file."""
