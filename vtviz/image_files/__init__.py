"""Image files as people have them, damaged ones too, to pixels."""
