"""Work on many photos that goes on in the background: an index, one question to all, a policy on labelled rows."""
