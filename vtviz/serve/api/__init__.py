"""The API for programs: photos and texts in forms, JSON out, as the command line writes it."""
