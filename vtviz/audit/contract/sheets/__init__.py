"""What goes with a report, for those who did not make it: how to read it, what it answers, one page for a person."""
