"""Jobs: work of minutes or hours in the background, listed, kept on disk as it goes, and resumed where it stopped."""
