"""Tables of photos and texts as people have them: encodings, separators, names of columns, known data sets."""
